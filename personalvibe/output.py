"""The way to stdout and stderr: no control sequence reaches a terminal, a closed pipe is no error.

A pipe or a file gets the text as it is.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from typing import TextIO

#: C0 and C1 controls but tabs and ends of lines, and the marks that turn the writing direction.
_CONTROL = re.compile(
    "\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)


def printable(text: str) -> str:
    """The text with an escape such as ``\\x1b`` for everything that a terminal would obey."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def say(text: str, *, err: bool = False, end: str = "\n") -> None:
    """Print a text, on stderr with `err`."""
    stream = sys.stderr if err else sys.stdout
    if stream is None:  # closed by the shell: >&-
        return
    try:
        stream.write(f"{printable(text) if stream.isatty() else text}{end}")
        stream.flush()
    except BrokenPipeError:  # the reader (head, less) has seen enough
        discard(stream)


def discard(stream: TextIO | None) -> None:
    """Send what a stream still gets, and could not take yet, to nowhere."""
    with contextlib.suppress(OSError, ValueError, AttributeError):  # no file behind it
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # type: ignore[union-attr]
        os.close(nowhere)


def is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()
