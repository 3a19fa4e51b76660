"""The only room that imports pytest: options, marks, fixtures, reports."""
