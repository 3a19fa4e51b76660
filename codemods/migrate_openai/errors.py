"""What a user can cause, said in two lines: what and where, then what to do."""

from __future__ import annotations


class UsageError(Exception):
    """The arguments or the configuration are wrong: exit code 2."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SourceError(Exception):
    """One file cannot be migrated; the run goes on. ``str()`` is the reason."""
