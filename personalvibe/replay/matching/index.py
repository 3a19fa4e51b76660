"""The recordings of a session, found by key. Look-up does not depend on how many there are.

A cassette is read as far as its recordings are asked for: a test pays for what it plays.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from personalvibe.replay.model import CanonicalRequest, CassetteError, Interaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An interaction of a cassette, with what matching compares of it."""

    position: int
    """1 for the first interaction of the cassette."""
    interaction: Interaction
    canonical: CanonicalRequest


class Entries:
    """The entries of one cassette, read once and only as far as somebody went. Safe in threads."""

    def __init__(self, source: Iterable[Entry]) -> None:
        self._source = iter(source)
        self._read: list[Entry] = []
        self._damage: CassetteError | None = None
        self._lock = threading.Lock()

    def at(self, number: int) -> Entry | None:
        """The entry with this number, from 0; None past the last one. Raises `CassetteError`."""
        with self._lock:
            while len(self._read) <= number:
                if self._damage is not None:
                    raise self._damage
                try:
                    self._read.append(next(self._source))
                except StopIteration:
                    return None
                except CassetteError as error:
                    # The source ends with it, and whoever asks next must not take it for the end.
                    self._damage = error
                    raise
            return self._read[number]


@dataclass(slots=True, kw_only=True)
class Recording:
    """An interaction of a cassette, and how often it was played."""

    interaction: Interaction
    canonical: CanonicalRequest
    cassette: Path
    position: int
    """1 for the first interaction of the cassette."""
    times_played: int = 0


@dataclass(slots=True, kw_only=True)
class _Cassette:
    path: Path
    entries: Entries
    taken: int = 0


class Index:
    """Recordings in the order of their cassettes; identical requests are answered in that order.

    What goes through all of them reads the cassettes to their ends, and raises `CassetteError`
    where one is damaged.
    """

    def __init__(self, *, allow_playback_repeats: bool = False) -> None:
        self.allow_playback_repeats = allow_playback_repeats
        self._cassettes: list[_Cassette] = []
        self._read: list[Recording] = []
        self._by_key: defaultdict[str, list[Recording]] = defaultdict(list)
        self._next: defaultdict[str, int] = defaultdict(int)
        self._lock = threading.Lock()

    def add(self, path: Path, entries: Entries) -> None:
        """A cassette, after those that are there."""
        self._cassettes.append(_Cassette(path=path, entries=entries))

    def __len__(self) -> int:
        return len(self.read_all())

    def __iter__(self) -> Iterator[Recording]:
        return iter(self.read_all())

    def read_all(self) -> list[Recording]:
        """All recordings. Raises `CassetteError`."""
        with self._lock:
            while self._read_on():
                pass
        return self._read

    @property
    def played(self) -> list[Recording]:
        return [one for one in self._read if one.times_played]

    def _read_on(self) -> Recording | None:
        """The next recording of the cassettes; None if there is none."""
        for cassette in self._cassettes:
            entry = cassette.entries.at(cassette.taken)
            if entry is not None:
                cassette.taken += 1
                recording = Recording(
                    interaction=entry.interaction,
                    canonical=entry.canonical,
                    cassette=cassette.path,
                    position=entry.position,
                )
                self._read.append(recording)
                self._by_key[recording.canonical.key].append(recording)
                return recording
        return None

    def take(
        self, key: str, accepts: Callable[[Interaction], bool] | None = None
    ) -> Recording | None:
        """The next recording of this key, marked as played; None if there is none left.

        `accepts` narrows the choice down to recordings that custom matchers accept. Raises
        `CassetteError` if a cassette is damaged before a recording is found.
        """
        with self._lock:
            recording = (
                self._first_unplayed(key, accepts)
                or self._from_the_rest(key, accepts)
                or self._repeated(key, accepts)
            )
            if recording is not None:
                recording.times_played += 1
            return recording

    def _first_unplayed(
        self, key: str, accepts: Callable[[Interaction], bool] | None
    ) -> Recording | None:
        found = self._by_key.get(key, ())
        if accepts is None:
            # All before this one are played: a long row of the same request stays cheap.
            position = self._next[key]
            if position >= len(found):
                return None
            self._next[key] += 1
            return found[position]
        for one in found:
            if not one.times_played and accepts(one.interaction):
                return one
        return None

    def _from_the_rest(
        self, key: str, accepts: Callable[[Interaction], bool] | None
    ) -> Recording | None:
        while (one := self._read_on()) is not None:
            if one.canonical.key == key and (accepts is None or accepts(one.interaction)):
                self._next[key] += 1
                return one
        return None

    def _repeated(
        self, key: str, accepts: Callable[[Interaction], bool] | None
    ) -> Recording | None:
        if not self.allow_playback_repeats:
            return None
        found = reversed(self._by_key.get(key, ()))
        return next((one for one in found if accepts is None or accepts(one.interaction)), None)

    def with_key(self, key: str) -> list[Recording]:
        self.read_all()
        return list(self._by_key.get(key, ()))

    def rewind(self) -> None:
        """Forget what was played."""
        with self._lock:
            self._next.clear()
            for recording in self._read:
                recording.times_played = 0
