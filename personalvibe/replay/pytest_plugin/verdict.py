"""What becomes of a test: a miss or a refused connection fails it, also where it was caught.

Four steps, one function each: which problems there are, what the report then says, what is known
for the test's later phases, what travels to the process that closes the run.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from personalvibe.replay.abort import Abort, leaves
from personalvibe.replay.offline import guard
from personalvibe.replay.pytest_plugin.state import CASSETTE, FACTS, PASSED, STATE, names, redacted

if TYPE_CHECKING:
    from personalvibe.replay.pytest_plugin.test_cassette import TestCassette


class Problem(NamedTuple):
    """What fails a test."""

    text: str
    error: BaseException | None
    """The exception that said so; None where the program's code caught it."""


def judged(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The wrapper of `pytest_runtest_makereport`, of a suite that uses cassettes."""
    test = item.stash.get(CASSETTE, None)
    error = call.excinfo.value if call.excinfo else None
    ends = leaves(error)
    aborted = bool(test and ends) and all(isinstance(end, Abort) for end in ends)
    if aborted:
        # The report is replaced anyway; to render LiteLLM's frames takes pytest seconds.
        item.repr_failure = _short  # type: ignore[method-assign]
    report = yield
    if aborted:
        del item.repr_failure
    attempts = item.config.stash[STATE].take_violations()
    lenient = test is None and (
        report.skipped or item.config.getini("replay_caught_network") == "warn"
    )
    problems, listed = _found(test, attempts, ends, lenient=lenient)
    if problems:
        _fail(item, report, problems, error, test)
    facts: dict[str, Any] = {}
    if listed:
        facts["refused"] = [(one.message.splitlines()[0], one.late) for one in listed]
    if test is not None:
        facts |= _phase_ended(item, report, test)
    if report.skipped and report.when == "setup" and item.get_closest_marker("vcr"):
        facts["skipped"] = _names_of_skipped(item)
    if facts:
        # An attribute of plain data: it travels from xdist's workers with the report.
        setattr(report, FACTS, facts)
    return report


def _found(
    test: TestCassette | None,
    attempts: Sequence[guard.Violation],
    ends: Sequence[BaseException],
    *,
    lenient: bool,
) -> tuple[list[Problem], list[guard.Violation]]:
    """What fails the test, and the attempts that are only listed at the end of the run."""
    # A thread that outlived its test must not fail another.
    undeclared = [one for one in attempts if not one.declared]
    by_test = [one for one in undeclared if one.test is not None and not one.late]
    listed = [one for one in undeclared if one.test is None or one.late]
    found = [*test.take_misses(), *test.raised_misses(ends)] if test else []
    misses = [Problem(text=text, error=miss) for text, miss in found]
    blocked = [
        Problem(text=str(end), error=end) for end in ends if isinstance(end, guard.NetworkBlocked)
    ]
    if misses or blocked:
        return [*misses, *blocked], listed
    if lenient:
        return [], [*listed, *by_test]
    messages = dict.fromkeys(one.message for one in by_test)
    return [Problem(text=message, error=None) for message in messages], listed


def _phase_ended(
    item: pytest.Item, report: pytest.TestReport, test: TestCassette
) -> dict[str, Any]:
    """Notes whether the test passed; after its last phase, what its cassette did."""
    if report.when == "call":
        # A failure that was expected is a result, too; without a recording it could not be one.
        item.stash[PASSED] = report.passed or hasattr(report, "wasxfail")
    if report.when != "teardown":
        return {}
    # pytest keeps every item until the end of the session.
    del item.stash[CASSETTE]
    return {"test": test.record.as_data()} if test.record is not None else {}


def _names_of_skipped(item: pytest.Item) -> list[str]:
    """The names that the cassette of a skipped test may have: it is not unused."""
    from personalvibe.replay.pytest_plugin.naming import default_name

    own = [str(one) for mark in item.iter_markers("default_cassette") for one in mark.args]
    return [default_name(*names(item)), *own]


def _short(excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
    return str(excinfo.value)


def _fail(
    item: pytest.Item,
    report: pytest.TestReport,
    problems: Sequence[Problem],
    error: BaseException | None,
    test: TestCassette | None,
) -> None:
    """Make a report say what was missed instead of how the client's inside looked."""
    lines = ["\n\n".join(one.text for one in problems)]
    ends = leaves(error)
    caught = not any(one.error is end for one in problems for end in ends)
    if caught:
        lines.append("The program caught the exception and went on.")
    else:
        places = [place for one in (error, *ends[:1]) for place in _places(one, item.config)]
        lines.append("\n".join(f"  asked at {place}" for place in dict.fromkeys(places[-3:])))
    told = [one.error for one in problems]
    if report.failed and not all(isinstance(end, Abort) or end in told for end in ends):
        hide = test.redacted if test is not None else redacted
        failure = hide(report.longreprtext)
        lines.append(f"{'Then' if caught else 'With it'} the test failed:\n{failure}")
    report.outcome = "failed"
    report.longrepr = "\n".join(line for line in lines if line)
    vars(report).pop("wasxfail", None)


def _places(error: BaseException | None, config: pytest.Config) -> list[str]:
    """The lines of the project that an exception went through."""
    return [
        f"{path.relative_to(config.rootpath)}:{entry.lineno + 1}: in {entry.name}"
        for entry in (pytest.ExceptionInfo.from_exception(error).traceback if error else ())
        if _is_of_project(path := Path(entry.path), config.rootpath)
    ]


_HARNESS = Path(__file__).parent.parent


def _is_of_project(path: Path, root: Path) -> bool:
    return (
        path.is_relative_to(root)
        and "site-packages" not in path.parts
        and not path.is_relative_to(_HARNESS)
    )
