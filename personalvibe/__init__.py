"""Personalvibe. Only the version lives here: pytest imports this package at start-up."""

__version__ = "4.0.0"
