"""Text of others on a terminal: what could move the cursor or turn the text round is escaped."""

from __future__ import annotations

import os
import re
from pathlib import PurePath

_ACTIVE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str, keep: str = "") -> str:
    """Without control characters, marks of writing direction and lone surrogates."""

    def escaped(found: re.Match[str]) -> str:
        return found[0] if found[0] in keep else found[0].encode("unicode_escape").decode()

    return _ACTIVE.sub(escaped, text)


def patch_name(path: PurePath) -> str:
    """A file's name as ``patch`` and git read it: quoted as in C where it has to be."""
    name = path.as_posix()
    if not _ACTIVE.search(name):
        return name
    plain = (
        chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:03o}" for b in os.fsencode(name)
    )
    return f'"{"".join(plain)}"'
