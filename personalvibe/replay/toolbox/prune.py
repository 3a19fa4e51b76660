"""What no test plays: decided from the last run's record, then cut out of the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from personalvibe.replay.cassette import disk
from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.model import CassetteError
from personalvibe.replay.toolbox import cutting
from personalvibe.replay.toolbox.holding import Left, held, left_for
from personalvibe.replay.toolbox.last_run import CassetteUse, Digests, LastRun, uses
from personalvibe.replay.toolbox.unused import cassette_name, unused


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What is to go of a cassette."""

    path: Path
    digest: str
    """Of the file that was looked at."""
    positions: tuple[int, ...]
    """Of interactions, 1 for the first; empty if the whole file goes."""
    of: int
    """How many interactions the cassette has; 0 if nobody opened it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    removals: tuple[Removal, ...]
    left: tuple[Left, ...]
    """Of these it is not known what nobody plays."""


def plan(run: LastRun) -> Plan:
    """What can go. Raises `CassetteError` if no whole run is known."""
    if not run.whole_at:
        raise CassetteError(
            "only some of the tests were run so far",
            path=Path(run.root),
            hint="Run the whole suite once: pytest.",
        )
    digests = Digests()
    found = [*_files(run, digests), *_interactions(run, digests)]
    found.sort(key=lambda one: one.path)
    return Plan(
        removals=tuple(one for one in found if isinstance(one, Removal)),
        left=tuple(one for one in found if isinstance(one, Left)),
    )


def _files(run: LastRun, digests: Digests) -> Iterator[Removal | Left]:
    """Cassettes that nobody opened."""
    known = uses(run)
    of_tests = {str(path) for path in known}
    for path in unused(of_tests, of_tests | {*run.opened}, run.skipped):
        if not any(path.is_relative_to(folder) for folder in run.folders):
            yield Left(path=path, reason="not all of the tests that may use it were run")
        elif run.failed:
            reason = f"{run.failed[0]} failed before it was known what it opens"
            yield Left(path=path, reason=reason)
        else:
            yield Removal(path=path, digest=digests.of(path), positions=(), of=0)


def _interactions(run: LastRun, digests: Digests) -> Iterator[Removal | Left]:
    for path, by_test in uses(run).items():
        if not digests.of(path) or str(path) in run.opened:
            continue
        try:
            count = len(cassette.load(path))
        except CassetteError as error:
            yield left_for(path, error)
            continue
        played = {number for one in by_test.values() for number in one.played}
        positions = tuple(number for number in range(1, count + 1) if number not in played)
        reason = _unknown(run, path, by_test, digests) if positions else ""
        if reason:
            yield Left(path=path, reason=reason)
        elif positions:
            gone = () if len(positions) == count else positions
            yield Removal(path=path, digest=digests.of(path), positions=gone, of=count)


def _unknown(run: LastRun, path: Path, by_test: Mapping[str, CassetteUse], digests: Digests) -> str:
    """Why it is not known which interactions are played; empty if it is."""
    for name, one in by_test.items():
        if not run.tests[name].passed:
            return f"{name} did not pass"
        if not one.digest:
            return "it was recorded in that run; run the tests again"
        if one.digest != digests.of(path):
            return "it has changed since the tests played it"
    if cassette_name(path) in run.skipped:
        return "a test that may play it was skipped"
    return ""


def apply(removal: Removal) -> None:
    """Raises `CassetteError` if the cassette has changed, or cannot be cut; it is then whole."""
    path = removal.path
    with held(path, removal.digest) as content:
        if removal.positions:
            kept = cutting.without(content, frozenset(removal.positions), path)
            disk.replace_file(path.resolve(), kept)
        else:
            path.unlink()
