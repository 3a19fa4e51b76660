"""``pv cassettes refresh``: record stale cassettes again, by the tests that record them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from personalvibe.commands.last_run import last_run_option, shown_path
from personalvibe.commands.options import env_file_option
from personalvibe.commands.reruns import pytest_option, rerun
from personalvibe.errors import ExitCode, UserError
from personalvibe.output import say

if TYPE_CHECKING:
    from personalvibe.replay.toolbox.last_run import LastRun
    from personalvibe.replay.toolbox.refresh import Plan, Refreshed, Refused, Selection

_OPTIONS = [
    click.argument("paths", nargs=-1, type=click.Path(path_type=Path)),
    click.option(
        "--older-than", type=click.IntRange(min=0), metavar="DAYS", help="Recorded so long ago."
    ),
    click.option(
        "--provider", "providers", multiple=True, metavar="NAME",
        help="Recorded from this provider: openai, anthropic, gemini, ..., or a host.",
    ),
    click.option(
        "--model", "models", multiple=True, metavar="PATTERN", help='Of this model: "gpt-4*".'
    ),
    click.option("--missed", is_flag=True, help="A test missed a recording when it ran last."),
    click.option("--dry-run", is_flag=True, help="Say what would be recorded, and stop."),
    click.option(
        "--max-cost", type=click.FloatRange(min=0), metavar="USD",
        help="Record nothing if more than this is expected.",
    ),
    click.option(
        "--stand-in", is_flag=True, help="Record from the local stand-in: no keys, no costs."
    ),
    click.option("--yes", is_flag=True, help="Do not ask."),
    pytest_option,
    last_run_option,
    env_file_option,
    click.option(
        "--json", "as_json", is_flag=True, help="Print JSON; docs/cassettes.md has its keys."
    ),
]  # fmt: skip


def _with_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command("refresh")
@_with_options
def refresh(
    paths: Sequence[Path],
    older_than: int | None,
    providers: Sequence[str],
    models: Sequence[str],
    missed: bool,
    dry_run: bool,
    max_cost: float | None,
    stand_in: bool,
    yes: bool,
    pytest: str | None,
    last_run: Path | None,
    as_json: bool,
) -> int:
    """Record stale cassettes again, by running the tests that record them.

    PATHS are cassettes and folders; options narrow them down. Which test records which cassette is
    known from the last run of the tests. Shows which keys are needed and what it will cost, and
    asks. A cassette is replaced when all of its tests have passed, and stays as it is otherwise.

    Exit codes: 0 all are recorded again, or none had to be; 1 --dry-run: there are some to record;
    2 wrong usage, or too expensive; 3 some could not be recorded.
    """
    from personalvibe.commands.last_run import known_run
    from personalvibe.replay import usage
    from personalvibe.replay.toolbox import refresh as toolbox

    selection = _selection(paths, older_than, providers, models, missed=missed)
    run = known_run(last_run)
    plan = toolbox.plan(run, selection, usage.price_list())
    if not as_json:
        _announce(plan, stand_in=stand_in)
    results: list[Refreshed | Refused] = list(plan.refused)
    if plan.cassettes and not dry_run:
        _agree(plan, max_cost=max_cost, stand_in=stand_in, yes=yes)
        results += _recorded(run, plan, pytest, _pytest_options(older_than, stand_in=stand_in))
    _print(plan, results, as_json=as_json)
    if any(isinstance(one, toolbox.Refused) for one in results):
        return ExitCode.PARTIAL
    return ExitCode.TODO if plan.cassettes and dry_run else ExitCode.OK


def _selection(
    paths: Sequence[Path],
    older_than: int | None,
    providers: Sequence[str],
    models: Sequence[str],
    *,
    missed: bool,
) -> Selection:
    from personalvibe.replay.dates import days_ago
    from personalvibe.replay.toolbox.refresh import Selection

    if not (paths or older_than is not None or providers or models or missed):
        raise click.UsageError(
            "Say which: paths, --older-than, --provider, --model or --missed; . is all below here."
        )
    return Selection(
        paths=tuple(paths),
        before="" if older_than is None else days_ago(older_than),
        providers=tuple(providers),
        models=tuple(models),
        missed=missed,
    )


def _pytest_options(older_than: int | None, *, stand_in: bool) -> list[str]:
    # An exchange that has not changed is to be young again, too.
    age = [] if older_than is None else [f"--max-cassette-age={older_than}"]
    return [*age, *(["--stand-in"] if stand_in else [])]


def _announce(plan: Plan, *, stand_in: bool) -> None:
    import os

    for one in plan.cassettes:
        about = ", ".join((*one.models, *([one.recorded_at] if one.recorded_at else [])))
        say(f"{shown_path(one.path)}: {len(one.before):,} interactions; {about}", err=True)
    if not plan.cassettes:
        say("nothing to record again", err=True)
        return
    say(f"{len(plan.cassettes):,} cassettes, by {len(plan.tests):,} tests", err=True)
    if stand_in:
        say("keys and costs: none, the stand-in answers", err=True)
        return
    keys = [f"{name} ({'' if os.environ.get(name) else 'not '}set)" for name in plan.variables]
    say(f"keys: {', '.join(keys) or 'none that is known'}", err=True)
    say(f"expected, as when they were recorded: {_spent(plan)}", err=True)


def _spent(plan: Plan) -> str:
    spent = plan.usage
    return f"{spent.input_tokens + spent.output_tokens:,} tokens, USD {spent.cost_usd:.4f}"


def _agree(plan: Plan, *, max_cost: float | None, stand_in: bool, yes: bool) -> None:
    """Raises `UserError` unless the user wants it, and it may cost so much."""
    import sys

    if max_cost is not None and plan.usage.cost_usd > max_cost and not stand_in:
        raise UserError(
            f"that may cost USD {plan.usage.cost_usd:.4f}, more than --max-cost {max_cost:g}",
            "Name fewer cassettes, or allow more.",
        )
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError("there is nobody to ask: stdin is no terminal", "Say --yes.")
    if not click.confirm("Record them again?", err=True):
        raise click.Abort


def _recorded(
    run: LastRun, plan: Plan, pytest: str | None, options: Sequence[str]
) -> list[Refreshed | Refused]:
    import tempfile

    from personalvibe.replay.toolbox.last_run import NAME, load
    from personalvibe.replay.toolbox.refresh import install

    with tempfile.TemporaryDirectory(prefix="pv-refresh-") as name:
        staging = Path(name)
        code = rerun(
            run,
            pytest,
            ["--record-mode=rewrite", f"--stage-recordings={staging}", *options],
            plan.tests,
            staging,
        )
        if not (staging / NAME).exists():
            raise UserError(
                f"pytest ended with {code} and no test ran; every cassette is as it was",
                "What pytest says is above.",
            )
        return list(install(plan.cassettes, load(staging / NAME), staging))


def _print(plan: Plan, results: Sequence[Refreshed | Refused], *, as_json: bool) -> None:
    from personalvibe.commands.documents import print_document
    from personalvibe.replay.toolbox.refresh import Refused

    if as_json:
        print_document(_document(plan, results))
        return
    for one in results:
        if isinstance(one, Refused):
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


def _document(plan: Plan, results: Sequence[Refreshed | Refused]) -> dict[str, Any]:
    from personalvibe.replay.toolbox.refresh import Refused

    return {
        "cassettes": [
            {
                "cassette": str(one.path),
                "tests": list(one.tests),
                "providers": [account.provider for account in one.accounts],
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
            if not isinstance(one, Refused)
        ],
        "left": [
            {"cassette": str(one.path), "reason": one.reason}
            for one in results
            if isinstance(one, Refused)
        ],
    }
