"""Which files of a folder are cassettes, and what is in them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from personalvibe.replay.cassette import disk
from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.model import (
    CassetteError,
    Interaction,
    NotACassetteError,
    OtherProtocolError,
)

SUFFIXES = tuple(
    f"{suffix}{packed}" for suffix in (".yaml", ".yml", ".json") for packed in ("", ".gz")
)
_NOT_ENTERED = frozenset(("node_modules", "__pycache__", "site-packages"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file that may be a cassette."""

    path: Path
    named: bool
    """Whether the user named it, so that it has to be a cassette."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A cassette that could be read."""

    path: Path
    content: bytes
    """Of the file, as it is on disk."""
    interactions: tuple[Interaction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A file that could not be read as a cassette, and why."""

    path: Path
    error: CassetteError
    content: bytes = b""
    is_cassette: bool = True
    """False for a file of another kind, which just lies in the folder."""


def find(paths: Sequence[Path]) -> list[Candidate]:
    """The files that are named, and those of the folders that are. In a stable order, each once."""
    found: dict[Path, Candidate] = {}
    for path in paths:
        if path.is_dir():
            for inside in _walk(path):
                found.setdefault(inside, Candidate(path=inside, named=False))
        else:
            found[path] = Candidate(path=path, named=True)
    return list(found.values())


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in _NOT_ENTERED
        )
        for name in sorted(names):
            if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                yield Path(parent, name)


def read(candidate: Candidate, *, as_stored: bool = False) -> Recording | Refused:
    """The interactions of a file, with compressed bodies as they lie in it if `as_stored`."""
    path = candidate.path
    content = b""
    try:
        content = disk.read(path, cassette.MAX_BYTES + 1)
        interactions = cassette.parse(content, path, as_stored=as_stored)
    except FileNotFoundError:
        return Refused(path=path, error=CassetteError("there is no such file", path=path))
    except CassetteError as error:
        is_cassette = counts(candidate, error)
        return Refused(path=path, error=error, content=content, is_cassette=is_cassette)
    return Recording(path=path, content=content, interactions=tuple(interactions))


def counts(candidate: Candidate, error: CassetteError) -> bool:
    """Whether a file that could not be read is a cassette, and does not just lie in the folder."""
    is_other = isinstance(error, (NotACassetteError, OtherProtocolError))
    return candidate.named or (not is_other and _says_cassette(candidate.path))


def _says_cassette(path: Path) -> bool:
    """Whether a file that is damaged was a cassette, by its folder or by its text."""
    if any("cassette" in part.lower() for part in path.parts[:-1]):
        return True
    try:
        return b"interactions" in disk.read(path, cassette.MAX_BYTES)
    except (CassetteError, OSError):
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A file before and after; None where there is none."""

    before: Candidate | None
    after: Candidate | None


def pairs(before: Path, after: Path) -> list[Pair]:
    """Two files; or the files of two folders, by their names in these.

    Raises `CassetteError` for a file and a folder.
    """
    if before.is_dir() and after.is_dir():
        old, new = (
            {one.path.relative_to(folder): one for one in find([folder])}
            for folder in (before, after)
        )
        return [Pair(before=old.get(name), after=new.get(name)) for name in sorted({*old, *new})]
    if before.is_dir() or after.is_dir():
        raise CassetteError(
            f"{before} and {after} are a folder and a file", hint="Name two files, or two folders."
        )
    return [Pair(before=_named(before), after=_named(after))]


def _named(path: Path) -> Candidate | None:
    """What git compares a new file with is no file."""
    nowhere = str(path) in ("/dev/null", os.devnull)
    return None if nowhere else Candidate(path=path, named=True)
