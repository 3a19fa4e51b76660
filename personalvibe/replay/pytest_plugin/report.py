"""What a test run did with its cassettes, added up for the closing lines. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from personalvibe.replay.toolbox.unused import cassette_name

_SHOWN = 5


@dataclass(slots=True, kw_only=True)
class TestRecord:
    """One test's dealings with its cassettes; travels between processes as plain data."""

    __test__ = False

    test: str
    paths: list[str] = field(default_factory=list)
    passed: bool = False
    missed: bool = False
    uses: dict[str, list[int]] = field(default_factory=dict)
    """Of each of `paths`, the positions of the interactions that were played."""
    played: int = 0
    recorded: int = 0
    tokens: int = 0
    cost_usd: float = 0.0
    outcome: str = "nothing"
    reason: str = ""
    warnings: list[str] = field(default_factory=list)
    """What was written and should be looked at, such as an e-mail address."""
    unplayed: str = ""
    """What a passing test left unplayed; empty if nothing, or if nobody wants to know."""
    left: dict[int, str] | None = None
    """Of a shared cassette, the first of `paths`: position and name of what this test left
    unplayed; empty if that says nothing, since the test failed or recorded."""
    drift: dict[str, Any] | None = None
    """What differs between its recordings and the answers of this run, if that was asked."""
    oldest: str = ""
    """When the oldest recording that was played was made: ISO 8601; empty if unknown."""

    def as_data(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True, kw_only=True)
class RunRecord:
    """The records of all tests of a run, from every process."""

    tests: dict[str, TestRecord] = field(default_factory=dict)
    other_paths: set[str] = field(default_factory=set)
    """Cassettes that `use_cassette` opened, also in programs that tests started."""
    refused: list[tuple[str, bool]] = field(default_factory=list)
    """Connections that were attempted outside of tests, or by tests that may; whether by a thread
    that outlived its test."""

    def add(self, data: Mapping[str, Any]) -> None:
        self.tests[data["test"]] = TestRecord(**data)


def summary(
    run: RunRecord,
    *,
    stale: Iterable[str] = (),
    unplayed: Iterable[str] = (),
    unused: Iterable[Path] = (),
) -> list[str]:
    """The closing lines: one about replay, one about recording, then what wants attention."""
    return [*_closing(run), *_attention(run, stale, unplayed, unused)]


def _closing(run: RunRecord) -> Iterator[str]:
    tests = list(run.tests.values())
    replayed = [one for one in tests if one.played]
    if replayed:
        # A test that also records spends; its tokens are counted there.
        saved = [one for one in replayed if not one.recorded]
        yield (
            f"replayed: {_count(len(replayed), 'test')}, "
            f"{_count(sum(one.played for one in replayed), 'interaction')}; "
            f"not spent: {_spent(saved)}"
        )
    recording = [one for one in tests if one.recorded]
    if recording:
        kinds = {
            kind: sum(one.outcome == kind for one in recording)
            for kind in ("written", "unchanged", "compared", "refused", "discarded")
        }
        counts = ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count)
        yield (
            f"recorded: {_count(sum(one.recorded for one in recording), 'interaction')}; "
            f"cassettes: {counts}; spent: {_spent(recording)}"
        )


def _spent(tests: list[TestRecord]) -> str:
    tokens = sum(one.tokens for one in tests)
    cost = sum(one.cost_usd for one in tests)
    # Without LiteLLM there is no price list: then say nothing about money.
    money = f", ${cost:.4f}" if cost else ""
    return f"{_count(tokens, 'token')}{money}"


def _attention(
    run: RunRecord, stale: Iterable[str], unplayed: Iterable[str], unused: Iterable[Path]
) -> Iterator[str]:
    for one in run.tests.values():
        if one.outcome == "refused":
            yield f"refused: {one.test}: {one.reason}"
        yield from (f"look at: {warning}" for warning in one.warnings)
        if one.unplayed:
            yield f"unplayed: {one.test}: {one.unplayed}"
    yield from (f"unplayed: {line}" for line in unplayed)
    yield from (f"old: {line}" for line in stale)
    yield from (f"unused: {path}" for path in unused)
    yield from (f"no network: {line}" for line, _ in run.refused)


def stale(run: RunRecord, before: str) -> list[str]:
    """The tests that played recordings made before an instant."""
    return [
        f"{one.test}: recorded at {one.oldest}; to record it again: --record-mode=rewrite"
        for one in run.tests.values()
        if one.oldest and one.oldest < before
    ]


def unplayed_text(path: Path, left: Mapping[int, str]) -> str:
    """A line that names recordings by their position; empty if there are none."""
    if not left:
        return ""
    shown = ", ".join(f"{n} ({name})" for n, name in sorted(left.items())[:_SHOWN])
    more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
    return f"{path.name}: interaction {shown}{more}"


def unplayed_shared(run: RunRecord, skipped_names: Collection[str]) -> list[str]:
    """What none of the tests that share a cassette played of it; nothing if one was skipped."""
    left: dict[str, dict[int, str]] = {}
    for one in run.tests.values():
        if one.left is not None:
            path = one.paths[0]
            known = left.get(path, one.left)
            left[path] = {n: name for n, name in known.items() if n in one.left}
    return [
        unplayed_text(Path(path), rest)
        for path, rest in left.items()
        if rest and cassette_name(Path(path)) not in skipped_names
    ]


def opened_by_programs(notes: Path) -> set[str]:
    """The cassettes that programs opened, see `opening.RUN_VARIABLE`."""
    return {path.read_text("utf-8") for path in notes.glob("*.opened")}


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
