"""Paths, text, notebooks, writing."""
