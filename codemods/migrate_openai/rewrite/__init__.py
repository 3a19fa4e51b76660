"""Changes -> the new text, by libcst."""
