"""Results as text for a person and as JSON for a program. No input or output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from comparison import Comparison
from migration import Account

_TESTS_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one spelling of the migration did to one project, or why there is no result."""

    project: str
    spelling: str
    comparison: Comparison | None = None
    account: Account | None = None
    isolated: bool = False
    problem: str = ""


def as_json(results: Sequence[Result], checkout: str) -> dict[str, Any]:
    return {"version": 1, "codemod": checkout, "results": [_result(result) for result in results]}


def as_text(results: Sequence[Result]) -> str:
    return "\n".join([*_table(results), "", *_all_causes(results), *_total(results)])


def one_line(result: Result) -> str:
    if result.comparison is None or result.account is None:
        return f"{result.project} [{result.spelling}]: {result.problem}"
    comparison, account = result.comparison, result.account
    return (
        f"{result.project} [{result.spelling}]: {comparison.passed_before} passed before, "
        f"{len(comparison.losses)} lost, {comparison.announced} of them announced; "
        f"{account.moved} of {account.with_counterpart} calls with a counterpart moved"
    )


def _result(result: Result) -> dict[str, Any]:
    shown: dict[str, Any] = {"project": result.project, "spelling": result.spelling}
    if result.comparison is None or result.account is None:
        return {**shown, "problem": result.problem}
    return {
        **shown,
        "isolated": result.isolated,
        "passed_before": result.comparison.passed_before,
        "lost": [asdict(loss) for loss in result.comparison.losses],
        "announced": result.comparison.announced,
        "moved": result.account.moved,
        "with_counterpart": result.account.with_counterpart,
        "unreadable": list(result.account.failed),
        "seconds": round(result.account.seconds, 1),
    }


def _table(results: Iterable[Result]) -> list[str]:
    row = "{:<28} {:<7} {:>7} {:>6} {:>6} {:>9}"
    lines = [row.format("project", "names", "passed", "lost", "said", "moved")]
    for result in results:
        if result.comparison is None or result.account is None:
            lines.append(f"{result.project:<28} {result.spelling:<7} {result.problem}")
            continue
        lines.append(
            row.format(
                result.project,
                result.spelling,
                result.comparison.passed_before,
                len(result.comparison.losses),
                result.comparison.announced,
                f"{result.account.moved}/{result.account.with_counterpart}",
            )
        )
    return lines


def _all_causes(results: Iterable[Result]) -> list[str]:
    lines = []
    for result in results:
        if result.comparison is None or not result.comparison.losses:
            continue
        lines.append(f"{result.project} [{result.spelling}]")
        for cause, losses in result.comparison.causes():
            lines.append(f"  {len(losses):>4}  {cause[:200]}")
            lines += [f"        {loss.test}" for loss in losses[:_TESTS_SHOWN]]
        lines.append("")
    return lines


def _total(results: Sequence[Result]) -> list[str]:
    done = [result.comparison for result in results if result.comparison is not None]
    lost = sum(len(comparison.losses) for comparison in done)
    passed = sum(comparison.passed_before for comparison in done)
    clean = sum(not comparison.losses for comparison in done)
    share = 100 * lost / passed if passed else 0.0
    return [
        f"{clean} of {len(results)} runs lost nothing; {lost} of {passed} tests lost "
        f"({share:.2f} %), {sum(comparison.announced for comparison in done)} of them announced"
    ]
