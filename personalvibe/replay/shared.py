"""A cassette that several tests name is read once in a process, not once a test."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from personalvibe.replay.matching.canonical import MatchRules
from personalvibe.replay.matching.index import Entries, Entry
from personalvibe.replay.redaction.redact import RedactionRules

_MOST = 4
"""Cassettes that are kept: tests that share one mostly stand beside each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the entries of a cassette depend on, beside its content."""

    match: MatchRules
    redaction: RedactionRules
    max_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    digest: bytes
    reading: Reading
    entries: Entries


class SharedCassettes:
    """The last few cassettes that tests of this process shared. Belongs to the session of tests."""

    def __init__(self) -> None:
        self._known: dict[Path, _Known] = {}

    def entries(
        self, path: Path, content: bytes, reading: Reading, read: Callable[[], Iterable[Entry]]
    ) -> Entries:
        """What `read` makes of this content, from memory if that has not changed."""
        digest = hashlib.blake2b(content).digest()
        known = self._known.pop(path, None)
        if known is None or known.digest != digest or known.reading != reading:
            known = _Known(digest=digest, reading=reading, entries=Entries(read()))
        self._known[path] = known
        while len(self._known) > _MOST:
            del self._known[next(iter(self._known))]
        return known.entries
