"""Source-to-source migrations."""
