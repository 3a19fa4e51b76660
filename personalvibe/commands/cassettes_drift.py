"""``pv cassettes drift``: do the providers still answer as they did?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from personalvibe.commands.last_run import shown_path
from personalvibe.commands.reruns import Choice, check_cost, choice_options, planned, rerun
from personalvibe.errors import ExitCode
from personalvibe.output import say

if TYPE_CHECKING:
    from personalvibe.replay.toolbox.drift_report import TestDrift
    from personalvibe.replay.toolbox.last_run import LastRun
    from personalvibe.replay.toolbox.refresh import Plan

_LEVELS = ("error", "warning", "note", "never")


@click.command("drift")
@choice_options
@click.option("--text", is_flag=True, help="Show how the texts of answers differ.")
@click.option(
    "--fail-on", type=click.Choice(_LEVELS), default="warning", help="Exit with 1 from this level."
)
@click.option(
    "--summary", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write a summary in Markdown, too, for a pull request.",
)  # fmt: skip
def drift(text: bool, fail_on: str, summary: Path | None, **choices: Any) -> int:
    """Ask the providers again, and compare with the recordings. Replaces nothing.

    PATHS are cassettes and folders, all if there are none; options narrow them down. The tests
    that record them are run with the real providers.

    \b
    error    type, status or kind of body changed
    warning  field gone, or null now; request that is not recorded
    note     field added, text different

    Exit codes: 0 no drift; 1 drift from the level of --fail-on, or --dry-run with tests to run;
    2 wrong usage, or too expensive; 3 some tests could not be compared.
    """
    from personalvibe.replay.toolbox.findings import Level

    choice = Choice(**choices)
    run, plan = planned(choice)
    if choice.dry_run:
        return ExitCode.TODO if plan.cassettes else ExitCode.OK
    for left in plan.left:
        say(f"error: {shown_path(left.path)}: {left.reason}", err=True)
    check_cost(choice, plan)
    found = _compared(run, plan, choice) if plan.cassettes else []
    _print(found, choice, text=text)
    if summary is not None:
        _write_summary(summary, found, text=text)
    levels = [one.level for test in found for one in test.differences]
    if fail_on != "never" and any(level.reaches(Level(fail_on)) for level in levels):
        return ExitCode.TODO
    incomplete = plan.left or any(one.problem for one in found)
    return ExitCode.PARTIAL if incomplete else ExitCode.OK


def _compared(run: LastRun, plan: Plan, choice: Choice) -> list[TestDrift]:
    import tempfile

    from personalvibe.replay.toolbox import drift_report

    with tempfile.TemporaryDirectory(prefix="pv-drift-") as name:
        report = Path(name, "drift.json")
        rerun(run, plan, choice, [f"--drift-report={report}"], Path(name), report)
        found = drift_report.load(report)
    return [*found, *drift_report.not_compared(run, plan.tests, found)]


def _print(found: Sequence[TestDrift], choice: Choice, *, text: bool) -> None:
    from personalvibe.commands.documents import print_document
    from personalvibe.replay.toolbox import drift_report

    if choice.as_json:
        print_document(drift_report.document(found))
        return
    for line in drift_report.lines(found, shown_path, text=text):
        say(line)
    for one in found:
        if one.problem:
            say(f"error: {one.test} could not be compared: {one.problem}", err=True)
    say(drift_report.summary(found), err=True)


def _write_summary(path: Path, found: Sequence[TestDrift], *, text: bool) -> None:
    from personalvibe.replay.cassette.disk import replace_file
    from personalvibe.replay.toolbox import drift_report

    replace_file(path, drift_report.markdown(found, shown_path, text=text).encode())
