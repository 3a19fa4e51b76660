"""What the tests did with their cassettes when they last ran: the plugin writes it, `pv` reads it.

A whole run replaces what is known; a run of some tests replaces what is known of those.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from personalvibe.replay.cassette import disk
from personalvibe.replay.model import CassetteError

FOLDER, NAME = "personalvibe_replay", "last-run.json"
"""Where it lies in pytest's cache."""
VERSION = 1
_MAX_BYTES = 256 * 1024 * 1024
_HINT = "Run the whole suite once (pytest), from the folder of its settings."


@dataclass(frozen=True, slots=True, kw_only=True)
class CassetteUse:
    """What a test did with a cassette."""

    digest: str
    """Of the file that it loaded; empty if that is not known, since something was recorded."""
    played: tuple[int, ...]
    """Positions of interactions, 1 for the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestUse:
    """What a test did with its cassettes, and how it ended."""

    __test__ = False

    cassettes: dict[str, CassetteUse]
    """By path; the first is the test's own, the others it only reads."""
    passed: bool
    missed: bool
    """A request had no recording."""
    recording: str = "nothing"
    """What became of what it recorded: nothing, written, unchanged, refused, discarded."""
    reason: str = ""
    """Why it was refused."""

    @property
    def own(self) -> Path:
        return Path(next(iter(self.cassettes)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    root: str
    """The folder where node ids start."""
    tests: dict[str, TestUse]
    """By node id."""
    whole_at: str = ""
    """When all tests of `folders` ran last: ISO 8601; empty if they never did."""
    folders: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    """Names that the cassettes of skipped tests may have."""
    opened: tuple[str, ...] = ()
    """Cassettes that programs opened."""
    failed: tuple[str, ...] = ()
    """Tests, or modules, that failed before they opened a cassette."""
    ini_file: str = ""
    version: int = VERSION

    def tests_of(self) -> dict[Path, list[str]]:
        """Cassettes, and the node ids of the tests that record them."""
        found: dict[Path, list[str]] = {}
        for name, test in self.tests.items():
            found.setdefault(test.own, []).append(name)
        return found


def merged(before: LastRun | None, after: LastRun) -> LastRun:
    """What is known after a run, of what was known and what that run tells."""
    if before is None or before.root != after.root:
        return after
    if after.whole_at:
        kept = {name: one for name, one in before.tests.items() if not _within(name, after)}
        return replace(after, tests={**kept, **after.tests})
    ran = after.tests.keys()
    return replace(
        before,
        tests={**before.tests, **after.tests},
        skipped=_united(before.skipped, after.skipped),
        opened=_united(before.opened, after.opened),
        failed=tuple(one for one in _united(before.failed, after.failed) if one not in ran),
        ini_file=after.ini_file,
    )


def _within(test: str, run: LastRun) -> bool:
    file = Path(run.root, test.partition("::")[0])
    return any(file.is_relative_to(folder) for folder in run.folders)


def _united(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def load(path: Path) -> LastRun:
    """Raises `CassetteError` for a file that is missing or something else."""
    try:
        return _run(json.loads(disk.read(path, _MAX_BYTES)))
    except FileNotFoundError:
        raise CassetteError("there is no such file", path=path, hint=_HINT) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise CassetteError("it is no record of a test run", path=path, hint=_HINT) from None


def _run(value: dict[str, Any]) -> LastRun:
    if value["version"] != VERSION:
        raise ValueError
    lists = {name: tuple(value[name]) for name in ("folders", "skipped", "opened", "failed")}
    tests = {name: _test(one) for name, one in value["tests"].items()}
    return LastRun(**{**value, **lists, "tests": tests})


def _test(value: dict[str, Any]) -> TestUse:
    cassettes = {
        path: CassetteUse(**{**use, "played": tuple(use["played"])})
        for path, use in value["cassettes"].items()
    }
    return TestUse(**{**value, "cassettes": cassettes})


def save(path: Path, run: LastRun) -> None:
    disk.replace_file(path, json.dumps(asdict(run)).encode())


def find(folder: Path) -> Path:
    """The record of the project that a folder belongs to. Raises `CassetteError`."""
    for one in (folder, *folder.parents):
        path = one / ".pytest_cache" / "d" / FOLDER / NAME
        if path.is_file():
            return path
    raise CassetteError("no test run is known here", path=folder, hint=_HINT)


@dataclass(slots=True, kw_only=True)
class Digests:
    """The digests of files, each read once."""

    known: dict[Path, str] = field(default_factory=dict)

    def of(self, path: Path) -> str:
        """Empty if there is no such file."""
        if path not in self.known:
            try:
                self.known[path] = digest(path.read_bytes())
            except OSError:
                self.known[path] = ""
        return self.known[path]


def digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def uses(run: LastRun) -> Mapping[Path, Mapping[str, CassetteUse]]:
    """Cassettes, and what each test did with them."""
    found: dict[Path, dict[str, CassetteUse]] = {}
    for name, test in run.tests.items():
        for path, use in test.cassettes.items():
            found.setdefault(Path(path), {})[name] = use
    return found
