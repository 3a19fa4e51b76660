"""Why changes are not made."""

from __future__ import annotations


class RewriteError(Exception):
    """The changes cannot be made. Its text says why."""


class UnprintableError(RewriteError):
    """libcst does not print some statements as they were. ``lines`` has theirs, from 1."""

    def __init__(self, lines: frozenset[int]) -> None:
        super().__init__(f"libcst cannot print line {min(lines)} as it stands")
        self.lines = lines
