"""The recordings of a session, found by key. Look-up does not depend on how many there are."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from personalvibe.replay.model import CanonicalRequest, Interaction


@dataclass(slots=True, kw_only=True)
class Recording:
    """An interaction of a cassette, and how often it was played."""

    interaction: Interaction
    canonical: CanonicalRequest
    cassette: Path
    position: int
    """1 for the first interaction of the cassette."""
    times_played: int = 0


class Index:
    """Recordings in the order of their cassettes; identical requests are answered in that order."""

    def __init__(self, *, allow_playback_repeats: bool = False) -> None:
        self.recordings: list[Recording] = []
        self.allow_playback_repeats = allow_playback_repeats
        self._by_key: defaultdict[str, list[Recording]] = defaultdict(list)
        self._next: defaultdict[str, int] = defaultdict(int)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.recordings)

    def __iter__(self) -> Iterator[Recording]:
        return iter(self.recordings)

    def add(self, recording: Recording) -> None:
        with self._lock:
            self.recordings.append(recording)
            self._by_key[recording.canonical.key].append(recording)

    def take(
        self, key: str, accepts: Callable[[Interaction], bool] | None = None
    ) -> Recording | None:
        """The next recording of this key, marked as played; None if there is none left.

        `accepts` narrows the choice down to recordings that custom matchers accept.
        """
        with self._lock:
            found = self._by_key.get(key)
            if not found:
                return None
            if accepts is None:
                recording = self._in_order(key, found)
            else:
                recording = self._accepted(found, accepts)
            if recording is not None:
                recording.times_played += 1
            return recording

    def _in_order(self, key: str, found: list[Recording]) -> Recording | None:
        position = self._next[key]
        if position < len(found):
            self._next[key] += 1
            return found[position]
        return found[-1] if self.allow_playback_repeats else None

    def _accepted(
        self, found: list[Recording], accepts: Callable[[Interaction], bool]
    ) -> Recording | None:
        last = None
        for recording in found:
            if recording.times_played and not self.allow_playback_repeats:
                continue
            if accepts(recording.interaction):
                if not recording.times_played:
                    return recording
                last = recording
        return last

    def with_key(self, key: str) -> list[Recording]:
        return list(self._by_key.get(key, ()))

    def rewind(self) -> None:
        """Forget what was played."""
        with self._lock:
            self._next.clear()
            for recording in self.recordings:
                recording.times_played = 0
