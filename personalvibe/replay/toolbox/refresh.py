"""Which cassettes are to be recorded again, by which tests, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from personalvibe.replay import usage
from personalvibe.replay.cassette import disk
from personalvibe.replay.model import CassetteError, Interaction, Usage
from personalvibe.replay.toolbox import files
from personalvibe.replay.toolbox.holding import Left, held, left_for
from personalvibe.replay.toolbox.key_variables import variables_of
from personalvibe.replay.toolbox.last_run import LastRun, TestUse, digest
from personalvibe.replay.toolbox.stats import provider_of, recorded_at
from personalvibe.replay.transaction import staged


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which cassettes are meant: those to which all of it applies."""

    paths: tuple[Path, ...] = ()
    """Files and folders; empty for all."""
    before: str = ""
    """Recorded by this instant, to the second, or nobody knows when; empty for any time."""
    providers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    """Patterns: ``gpt-4*``."""
    missed: bool = False
    """One of its tests missed a recording."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """A cassette to be recorded again."""

    path: Path
    digest: str
    """Empty if there is no such file yet."""
    tests: tuple[str, ...]
    before: tuple[Interaction, ...]
    providers: tuple[str, ...]
    models: tuple[str, ...]
    usage: Usage
    """What it took when it was recorded, at the price list's prices."""
    recorded_at: str
    """When the oldest of it was recorded; empty if unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    cassettes: tuple[Stale, ...]
    left: tuple[Left, ...]

    @property
    def tests(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for one in self.cassettes for name in one.tests))

    @property
    def usage(self) -> Usage:
        return usage.total([one.usage for one in self.cassettes])

    @property
    def variables(self) -> tuple[str, ...]:
        """Of the environment, in which the keys usually are."""
        providers = {name for one in self.cassettes for name in one.providers}
        return tuple(sorted({name for one in providers for name in variables_of(one)}))


def plan(run: LastRun, selection: Selection, prices: usage.Prices) -> Plan:
    """What is to be recorded again."""
    found = [
        one
        for path, tests in sorted(run.tests_of().items())
        if _below(path, selection.paths)
        and (not selection.missed or any(run.tests[name].missed for name in tests))
        and (one := _considered(path, tests, selection, prices)) is not None
    ]
    unknown = [
        Left(path=path, reason="no test of the last run records it")
        for path in selection.paths
        if not path.is_dir() and path.resolve() not in map(Path.resolve, run.tests_of())
    ]
    return Plan(
        cassettes=tuple(one for one in found if isinstance(one, Stale)),
        left=(*unknown, *(one for one in found if isinstance(one, Left))),
    )


def _below(path: Path, folders: Sequence[Path]) -> bool:
    resolved = path.resolve()
    return not folders or any(resolved.is_relative_to(one.resolve()) for one in folders)


def _considered(
    path: Path, tests: Sequence[str], selection: Selection, prices: usage.Prices
) -> Stale | Left | None:
    if not path.exists():
        # A test that has never been recorded is no stale recording, but it may have missed one.
        return _stale(path, b"", tests, (), prices) if selection.missed else None
    recording = files.read(files.Candidate(path=path, named=True))
    if isinstance(recording, files.Refused):
        return left_for(path, recording.error)
    if not any(_is_meant(one, selection) for one in recording.interactions):
        return None
    return _stale(path, recording.content, tests, recording.interactions, prices)


def _is_meant(one: Interaction, selection: Selection) -> bool:
    model, provider = usage.model_of(one), provider_of(one.request.url)
    date = recorded_at(one)
    return (
        (not selection.before or date <= selection.before)
        and (not selection.providers or provider in selection.providers)
        and (not selection.models or any(fnmatchcase(model, m) for m in selection.models))
    )


def _stale(
    path: Path,
    content: bytes,
    tests: Sequence[str],
    interactions: Sequence[Interaction],
    prices: usage.Prices,
) -> Stale:
    dates = [date for one in interactions if (date := recorded_at(one))]
    return Stale(
        path=path,
        digest=digest(content) if content else "",
        tests=tuple(tests),
        before=tuple(interactions),
        providers=tuple(sorted({provider_of(one.request.url) for one in interactions})),
        models=tuple(sorted({name for one in interactions if (name := usage.model_of(one))})),
        usage=usage.total([usage.usage_of(one, prices) for one in interactions]),
        recorded_at=min(dates, default=""),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """A cassette that was recorded again."""

    path: Path
    before: tuple[Interaction, ...]
    after: tuple[Interaction, ...]
    """The same as `before` where the recording changed nothing."""


def install(
    cassettes: Sequence[Stale], outcome: LastRun, staging: Path
) -> Iterator[Refreshed | Left]:
    """Put what the tests recorded in the place of the cassettes: each as a whole, or not at all."""
    for one in cassettes:
        reason = _problem(one.tests, outcome.tests)
        yield Left(path=one.path, reason=reason) if reason else _installed(one, staging)


def _problem(tests: Sequence[str], outcome: Mapping[str, TestUse]) -> str:
    """Why a cassette stays as it is; empty if all of its tests recorded what they needed."""
    for name in tests:
        test = outcome.get(name)
        if test is None:
            return f"{name} did not run"
        if test.reason:
            return f"{name}: {test.reason}"
        if not test.passed:
            return f"{name} did not pass"
    return ""


def _installed(one: Stale, staging: Path) -> Refreshed | Left:
    new = staged(one.path, staging)
    if not new.exists():
        return Refreshed(path=one.path, before=one.before, after=one.before)
    recording = files.read(files.Candidate(path=new, named=True))
    if isinstance(recording, files.Refused):
        return left_for(one.path, recording.error)
    try:
        with held(one.path, one.digest):
            disk.replace_file(one.path.resolve(), recording.content)
    except CassetteError as error:
        return left_for(one.path, error)
    return Refreshed(path=one.path, before=one.before, after=recording.interactions)
