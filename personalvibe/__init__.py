"""Personalvibe. Only the version lives here: pytest imports this package at start-up."""

__version__ = "3.0.0"
