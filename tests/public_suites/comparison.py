"""Two runs of a suite and the account between them -> what was lost, why, and if it was said."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from migration import Account, Site
from suites import Outcome, Run, Test

# What differs from one test, or one run, to the next within one cause.
_VARIABLE = re.compile(r"0x[0-9a-f]+|\b\d+\b|/[\w./-]+/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One test that passed before and does not pass after."""

    test: str
    error: str
    announced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    passed_before: int
    losses: tuple[Loss, ...]

    @property
    def announced(self) -> int:
        return sum(loss.announced for loss in self.losses)

    def causes(self) -> list[tuple[str, list[Loss]]]:
        """The losses by the first line of their error, the most frequent first."""
        groups: defaultdict[str, list[Loss]] = defaultdict(list)
        for loss in self.losses:
            groups[_VARIABLE.sub("*", loss.error)].append(loss)
        return sorted(groups.items(), key=lambda group: -len(group[1]))


def compare(before: Run, after: Run, account: Account, sources: dict[str, str]) -> Comparison:
    """`sources` has the text of the test files before the migration, by the reports' names."""
    passed = [test for test in before.tests if test.outcome is Outcome.PASSED]
    found = {(test.module, test.name): test for test in after.tests}
    lost = [(test, found.get((test.module, test.name))) for test in passed]
    losses = tuple(
        Loss(
            test=f"{test.module}::{test.name}",
            error=_why_missing(test, after) if now is None else _why(now),
            announced=_announced(test, account, sources.get(test.file, "")),
        )
        for test, now in lost
        if now is None or now.outcome is not Outcome.PASSED
    )
    return Comparison(passed_before=len(passed), losses=losses)


def _why(test: Test) -> str:
    return test.error or ("skipped" if test.outcome is Outcome.SKIPPED else "no message")


def _why_missing(test: Test, after: Run) -> str:
    """A test that was not found: its module could not be imported, or the run was cut off."""
    for other in after.tests:
        broken = other.outcome is Outcome.FAILED and not other.module
        if broken and f"{test.module}.".startswith(f"{other.name}."):
            return other.error
    return after.ended or "not collected"


def _announced(test: Test, account: Account, source: str) -> bool:
    """Whether the account names the test, or lists a site inside of it that was left."""
    name = test.name.partition("[")[0]
    spans = _spans(source, name)
    return any(
        _in_file(site, test) and (any(site.line in span for span in spans) or name in site.text)
        for site in account.sites
        if site.status == "left"
    )


def _in_file(site: Site, test: Test) -> bool:
    # A report counts from pytest's root, the account from the top of the copy.
    return bool(test.file) and f"/{site.file}".endswith(f"/{test.file}")


def _spans(source: str, name: str) -> list[range]:
    return [
        range(_first_line(node), (node.end_lineno or node.lineno) + 1)
        for node in _functions(source)
        if node.name == name
    ]


def _functions(source: str) -> Iterable[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _first_line(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
