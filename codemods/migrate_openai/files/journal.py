"""The journal of one writing run: what takes which file's place, and the content it had before.

A folder of two files. ``steps`` has a line of JSON for every file and one for the decision to
write; ``contents`` holds the old contents, one after another. A line is on the disk before what it
speaks of is done, so that a run that was killed can be finished or taken back.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

_STEPS, _CONTENTS = "steps", "contents"
_COMMITTED: dict[str, Any] = {"committed": True}
_UNDO: dict[str, Any] = {"undo": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One file of a run."""

    path: str
    """Relative to the project, or absolute where it is outside."""
    temporary: str
    """The name beside it under which its next content is made ready."""
    before: str
    """The digest of the old content; empty where there was no file."""
    after: str
    """The digest of the new content; empty where the file goes."""
    mode: int
    offset: int
    """Where its old content stands among the contents."""
    length: int
    folders: tuple[str, ...] = ()
    """Folders that are made for it, the outermost first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A journal as it is read again."""

    folder: Path
    steps: tuple[Step, ...]
    committed: bool
    undo: bool

    def content(self, step: Step) -> bytes:
        """The old content of a file."""
        with (self.folder / _CONTENTS).open("rb") as file:
            file.seek(step.offset)
            return file.read(step.length)


class Journal:
    """A journal that is being written."""

    def __init__(self, folder: Path, *, undo: bool) -> None:
        """Raises `OSError`, as every method does."""
        folder.mkdir()
        self.folder = folder
        self._contents = (folder / _CONTENTS).open("wb")
        self._steps = (folder / _STEPS).open("wb")
        if undo:
            self._write(_UNDO)

    @property
    def offset(self) -> int:
        return self._contents.tell()

    def add(self, step: Step, content: bytes) -> None:
        self._contents.write(content)
        self._contents.flush()
        self._write({**asdict(step), "folders": list(step.folders)})

    def commit(self) -> None:
        for file in (self._contents, self._steps):
            os.fsync(file.fileno())
        self._write(_COMMITTED)
        os.fsync(self._steps.fileno())

    def close(self) -> None:
        self._contents.close()
        self._steps.close()

    def _write(self, line: dict[str, Any]) -> None:
        # The newline comes first: what a full disk cut off spoils no line but its own.
        self._steps.write(b"\n" + json.dumps(line).encode())
        self._steps.flush()


def read(folder: Path) -> Record:
    """The journal in ``folder``; what was cut off by a kill counts as not there."""
    steps, committed, undo = [], False, False
    file = folder / _STEPS
    for line in file.read_bytes().splitlines() if file.exists() else ():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        committed, undo = committed or entry == _COMMITTED, undo or entry == _UNDO
        if "path" in entry:
            steps.append(Step(**{**entry, "folders": tuple(entry["folders"])}))
    return Record(folder=folder, steps=tuple(steps), committed=committed, undo=undo)


def discard(folder: Path) -> None:
    """Remove a journal in one step: half of one must not be taken for a whole one."""
    rest = folder.with_name("discarded")
    shutil.rmtree(rest, ignore_errors=True)
    if folder.exists():
        folder.rename(rest)
        shutil.rmtree(rest, ignore_errors=True)


def digest(content: bytes | None) -> str:
    """Of a file that is not there: empty."""
    return "" if content is None else sha256(content).hexdigest()
