"""``pv cassettes refresh``: record stale cassettes again, by the tests that record them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from personalvibe.commands.last_run import shown_path
from personalvibe.commands.reruns import Choice, check_cost, choice_options, planned, rerun
from personalvibe.errors import ExitCode, UserError
from personalvibe.output import say

if TYPE_CHECKING:
    from personalvibe.replay.toolbox.holding import Left
    from personalvibe.replay.toolbox.last_run import LastRun
    from personalvibe.replay.toolbox.refresh import Plan, Refreshed


@click.command("refresh", short_help="Record stale cassettes again, by their tests.")
@choice_options
@click.option("--yes", is_flag=True, help="Do not ask.")
def refresh(yes: bool, **choices: Any) -> int:
    """Record stale cassettes again, by running the tests that record them.

    PATHS are cassettes and folders; options narrow them down. Which test records which cassette is
    known from the last run of the tests. Shows which keys are needed and what it will cost, and
    asks. A cassette is replaced when all of its tests have passed, and stays as it is otherwise.

    Exit codes: 0 all are recorded again, or none had to be; 1 there are some, but --dry-run or the
    answer was no; 2 wrong usage, or too expensive; 3 some could not be recorded.
    """
    from personalvibe.replay.toolbox.holding import Left

    choice = Choice(**choices)
    if not choice.narrows:
        raise click.UsageError(
            "Say which: paths, --older-than, --provider, --model or --missed; . is all below here."
        )
    run, plan = planned(choice)
    results: list[Refreshed | Left] = list(plan.left)
    wanted = bool(plan.cassettes) and not choice.dry_run
    if wanted:
        check_cost(choice, plan)
        wanted = yes or _is_wanted()
    if wanted:
        results += _recorded(run, plan, choice)
    _print(plan, results, as_json=choice.as_json)
    if any(isinstance(one, Left) for one in results):
        return ExitCode.PARTIAL
    return ExitCode.OK if wanted or not plan.cassettes else ExitCode.TODO


def _is_wanted() -> bool:
    """Ask. Raises `UserError` where nobody can answer."""
    if not sys.stdin.isatty():
        raise UserError("there is nobody to ask: stdin is no terminal", "Say --yes.")
    return click.confirm("Record them again?", err=True)


def _recorded(run: LastRun, plan: Plan, choice: Choice) -> list[Refreshed | Left]:
    import tempfile

    from personalvibe.replay.toolbox.last_run import NAME, load
    from personalvibe.replay.toolbox.refresh import install

    # An exchange that has not changed is to be young again, too, if it is about age.
    age = [] if choice.older_than is None else [f"--max-cassette-age={choice.older_than}"]
    with tempfile.TemporaryDirectory(prefix="pv-refresh-") as name:
        staging = Path(name)
        options = [f"--stage-recordings={staging}", *age]
        rerun(run, plan, choice, options, staging, staging / NAME)
        return list(install(plan.cassettes, load(staging / NAME), staging))


def _print(plan: Plan, results: Sequence[Refreshed | Left], *, as_json: bool) -> None:
    from personalvibe.commands.documents import print_document
    from personalvibe.replay.toolbox.holding import Left

    if as_json:
        print_document(_document(plan, results))
        return
    for one in results:
        if isinstance(one, Left):
            say(f"error: left as it is: {shown_path(one.path)}: {one.reason}", err=True)
            continue
        lines = _changes(one)
        say(f"{shown_path(one.path)}: {'recorded again' if lines else 'says the same'}")
        for line in lines:
            say(f"  {line}")


def _changes(one: Refreshed) -> list[str]:
    import os

    from personalvibe.replay.redaction.redact import RedactionRules
    from personalvibe.replay.toolbox.changes import changes

    return changes(one.before, one.after, RedactionRules.from_config({}, os.environ))


def _document(plan: Plan, results: Sequence[Refreshed | Left]) -> dict[str, Any]:
    from personalvibe.replay.toolbox.holding import Left

    return {
        "cassettes": [
            {
                "cassette": str(one.path),
                "tests": list(one.tests),
                "providers": list(one.providers),
                "models": list(one.models),
                "input_tokens": one.usage.input_tokens,
                "output_tokens": one.usage.output_tokens,
                "cost_usd": one.usage.cost_usd,
                "recorded_at": one.recorded_at,
            }
            for one in plan.cassettes
        ],
        "keys": list(plan.variables),
        "recorded": [
            {"cassette": str(one.path), "changes": _changes(one)}
            for one in results
            if not isinstance(one, Left)
        ],
        "left": [
            {"cassette": str(one.path), "reason": one.reason}
            for one in results
            if isinstance(one, Left)
        ],
    }
