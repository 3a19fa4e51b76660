"""Findings that a project has accepted: a JSON file that people can review."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from personalvibe.replay.cassette import disk
from personalvibe.replay.model import CassetteError
from personalvibe.replay.toolbox.findings import Finding

_VERSION = 1
_KEYS = ("path", "rule", "place", "check")
_MAX_BYTES = 64 * 1024 * 1024
_HINT = "Write it anew with --write-baseline."

Entry = tuple[str, ...]
"""The values of `_KEYS`. Not the line, nor the number of the interaction: these move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Findings beside a baseline."""

    fresh: tuple[Finding, ...]
    accepted: int
    stale: int
    """Entries that nothing needs any more."""


def compare(findings: Iterable[Finding], entries: frozenset[Entry], folder: Path) -> Compared:
    """`folder` is that of the baseline's file: the paths in it start there."""
    found = [(_entry(one, folder), one) for one in findings]
    return Compared(
        fresh=tuple(one for entry, one in found if entry not in entries),
        accepted=sum(entry in entries for entry, _ in found),
        stale=len(entries - {entry for entry, _ in found}),
    )


def read(path: Path) -> frozenset[Entry]:
    """Raises `CassetteError` for a file that is no baseline, `FileNotFoundError` for none."""
    try:
        value = json.loads(disk.read(path, _MAX_BYTES))
        if value["version"] != _VERSION:
            raise ValueError
        return frozenset(tuple(str(one[key]) for key in _KEYS) for one in value["accepted"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise CassetteError("it is no baseline", path=path, hint=_HINT) from None


def write(path: Path, findings: Iterable[Finding]) -> None:
    entries = sorted({_entry(one, path.parent) for one in findings})
    accepted = [dict(zip(_KEYS, entry, strict=True)) for entry in entries]
    text = json.dumps({"version": _VERSION, "accepted": accepted}, indent=2)
    disk.replace_file(path, f"{text}\n".encode())


def _entry(one: Finding, folder: Path) -> Entry:
    path = Path(os.path.relpath(one.path, folder)).as_posix()
    return (path, one.rule.value, one.place, one.check)
