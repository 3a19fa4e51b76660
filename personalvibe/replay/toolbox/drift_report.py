"""What a run of tests against the providers has found: a file, lines, Markdown and plain data."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from personalvibe.replay.cassette import disk
from personalvibe.replay.model import CassetteError
from personalvibe.replay.toolbox.drift import Difference, Kind
from personalvibe.replay.toolbox.findings import Level
from personalvibe.replay.toolbox.last_run import LastRun

_MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class TestDrift:
    """What one test has met."""

    __test__ = False

    test: str
    cassette: Path
    passed: bool
    pairs: int
    """How many recordings were compared with an answer of today."""
    differences: tuple[Difference, ...]
    problem: str = ""
    """Why nothing could be compared."""


def save(path: Path, found: Mapping[str, Mapping[str, Any]]) -> None:
    """Write what tests have found, each as plain data."""
    disk.replace_file(path, json.dumps({"version": 1, "tests": found}).encode())


def load(path: Path) -> list[TestDrift]:
    """Raises `CassetteError` for a file that is missing or something else."""
    try:
        value = json.loads(disk.read(path, _MAX_BYTES))
        return [read(name, one) for name, one in value["tests"].items()]
    except FileNotFoundError:
        raise CassetteError("there is no such file", path=path) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise CassetteError("it is no report of drift", path=path) from None


def read(test: str, data: Mapping[str, Any]) -> TestDrift:
    differences = tuple(map(_difference, data["differences"]))
    return TestDrift(
        test=test, **{**data, "cassette": Path(data["cassette"]), "differences": differences}
    )


def _difference(data: Mapping[str, Any]) -> Difference:
    fields = {name: value for name, value in data.items() if name != "level"}
    return Difference(**{**fields, "kind": Kind(data["kind"])})


def plain(one: TestDrift) -> dict[str, Any]:
    """The data that `read` takes, which travels between processes."""
    data = asdict(one) | {"cassette": str(one.cassette)}
    data["differences"] = [
        {**fields, "kind": str(fields["kind"])} for fields in data["differences"]
    ]
    del data["test"]
    return data


def not_compared(
    run: LastRun, tests: Iterable[str], found: Sequence[TestDrift]
) -> Iterator[TestDrift]:
    """The tests that should have been run and were not, or ended before their cassette."""
    known = {one.test for one in found}
    for name in tests:
        if name not in known:
            yield TestDrift(
                test=name,
                cassette=run.tests[name].own,
                passed=False,
                pairs=0,
                differences=(),
                problem="it did not run",
            )


def counts(found: Sequence[TestDrift]) -> Counter[Level]:
    return Counter(one.level for test in found for one in test.differences)


def summary(found: Sequence[TestDrift]) -> str:
    number = counts(found)
    compared = sum(one.pairs for one in found)
    levels = ", ".join(f"{number[level]:,} {level}s" for level in Level)
    return f"{compared:,} recordings compared: {levels}"


def lines(found: Sequence[TestDrift], name: Callable[[Path], str], *, text: bool) -> Iterator[str]:
    for test in found:
        for one in test.differences:
            number = "" if one.interaction is None else f" (interaction {one.interaction})"
            values = "" if one.kind is Kind.TEXT else _values(one)
            cassette = name(test.cassette)
            yield f"{cassette}: {one.level}: {one.kind}: {one.place}{values}{number}"
            if text and one.kind is Kind.TEXT:
                yield from (f"  {line}" for line in _text_lines(one))


def _values(one: Difference) -> str:
    if one.kind in (Kind.ADDED, Kind.REMOVED) or not (one.before or one.after):
        return ""
    return f": {one.before} -> {_first_line(one.after)}"


def _first_line(text: str) -> str:
    return text.splitlines()[0][:200] if text else ""


def _text_lines(one: Difference) -> Iterator[str]:
    before, after = one.before.splitlines(), one.after.splitlines()
    for line in difflib.unified_diff(before, after, n=0, lineterm=""):
        if not line.startswith(("---", "+++", "@@")):
            yield line


def document(found: Sequence[TestDrift]) -> dict[str, Any]:
    """What ``--json`` prints."""
    return {
        "compared": sum(one.pairs for one in found),
        "counts": {level.value: counts(found)[level] for level in Level},
        "version": 1,
        "tests": {one.test: _with_levels(one) for one in found},
    }


def _with_levels(one: TestDrift) -> dict[str, Any]:
    data = plain(one)
    levels = [difference.level for difference in one.differences]
    for difference, level in zip(data["differences"], levels, strict=True):
        difference["level"] = level
    return data


def markdown(found: Sequence[TestDrift], name: Callable[[Path], str], *, text: bool) -> str:
    """For the text of a pull request, or the summary of a job."""
    rows = [
        f"| {one.level} | `{name(test.cassette)}` {one.interaction or ''} | {one.kind} "
        f"| `{_cell(one.place)}` | {_cell(one.before)} | {_cell(one.after)} |"
        for level in Level
        for test in found
        for one in test.differences
        if one.level is level and (text or one.kind is not Kind.TEXT)
    ]
    head = ["## Drift of the recordings", "", f"{summary(found)}.", ""]
    table = ["| | cassette | what | where | recorded | now |", "|---|---|---|---|---|---|", *rows]
    problems = [f"- `{one.test}`: {one.problem}" for one in found if one.problem]
    return "\n".join([*head, *(table if rows else []), *([""] if problems else []), *problems, ""])


def _cell(text: str) -> str:
    line = " ".join(text.split())
    short = line if len(line) <= 120 else f"{line[:120]}..."
    return short.replace("|", "\\|").replace("`", "'").replace("<", "&lt;")
