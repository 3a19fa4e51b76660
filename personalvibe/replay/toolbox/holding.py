"""A cassette that is still what was looked at, held against other processes while it changes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from personalvibe.replay.cassette import disk
from personalvibe.replay.model import CassetteError
from personalvibe.replay.options import LOCK_SECONDS
from personalvibe.replay.toolbox.last_run import digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A cassette that stays as it is, and why."""

    path: Path
    reason: str


def left_for(path: Path, error: CassetteError) -> Left:
    return Left(path=path, reason=error.message.removeprefix(f"{path}: "))


@contextlib.contextmanager
def held(path: Path, expected: str) -> Iterator[bytes]:
    """The content of a cassette, whose digest is to be `expected`; empty for a new one.

    Raises `CassetteError` if it has changed meanwhile, or cannot be replaced.
    """
    try:
        with disk.locked(path.resolve(), seconds=LOCK_SECONDS):
            content = path.read_bytes() if path.exists() else b""
            if (digest(content) if path.exists() else "") != expected:
                raise CassetteError("it has changed meanwhile", path=path, hint="Try again.")
            yield content
    except OSError as error:
        raise CassetteError(f"{error.strerror or error}", path=path) from None
