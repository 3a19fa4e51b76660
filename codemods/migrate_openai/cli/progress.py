"""A line on a terminal that says how far a run has come; nothing anywhere else."""

from __future__ import annotations

import os
import sys
import time

_QUIET_FIRST = 0.5
"""Seconds before the line appears: a short run shows none."""
_EVERY = 0.1


class Progress:
    """``step`` counts a file; ``clear`` makes room to print, and has to come last."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._next = time.monotonic() + _QUIET_FIRST
        self._files = 0
        self._shown = False

    def step(self, what: str) -> None:
        self._files += 1
        if self._live and time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY
            sys.stderr.write(f"\r\033[K{what} {self._files:,} files")
            sys.stderr.flush()
            self._shown = True

    def clear(self) -> None:
        if self._shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
            self._shown = False
