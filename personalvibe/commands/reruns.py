"""What ``pv cassettes refresh`` and ``drift`` share: which cassettes, and their tests run again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from personalvibe.commands.cassette_files import json_option
from personalvibe.commands.last_run import last_run_option, shown_path
from personalvibe.commands.options import env_file_option
from personalvibe.errors import UserError
from personalvibe.output import say

if TYPE_CHECKING:
    from personalvibe.replay.toolbox.last_run import LastRun
    from personalvibe.replay.toolbox.refresh import Plan, Selection

_OPTIONS = [
    click.argument("paths", nargs=-1, type=click.Path(path_type=Path)),
    click.option(
        "--older-than", type=click.IntRange(min=0), metavar="DAYS",
        help="Recorded so long ago, or undated.",
    ),
    click.option(
        "--provider", "providers", multiple=True, metavar="NAME",
        help="Recorded from this provider: openai, anthropic, gemini, ..., or a host.",
    ),
    click.option(
        "--model", "models", multiple=True, metavar="PATTERN", help='Of this model: "gpt-4*".'
    ),
    click.option("--missed", is_flag=True, help="A test missed a recording when it ran last."),
    click.option("--dry-run", is_flag=True, help="Say which tests would be run, and stop."),
    click.option(
        "--max-cost", type=click.FloatRange(min=0), metavar="USD",
        help="Run nothing if more than this is expected; stop where it is exceeded.",
    ),
    click.option(
        "--stand-in", is_flag=True, help="Ask the local stand-in: no keys, no costs."
    ),
    click.option(
        "--pytest", metavar="COMMAND",
        help='How the tests are run: "pytest -n 4".  [default: pytest, beside this Python]',
    ),
    last_run_option,
    env_file_option,
    json_option,
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The values of `choice_options`."""

    paths: tuple[Path, ...]
    older_than: int | None
    providers: tuple[str, ...]
    models: tuple[str, ...]
    missed: bool
    dry_run: bool
    max_cost: float | None
    stand_in: bool
    pytest: str | None
    last_run: Path | None
    as_json: bool

    @property
    def narrows(self) -> bool:
        """Whether it says which cassettes."""
        named = self.paths or self.providers or self.models
        return bool(named) or self.older_than is not None or self.missed

    @property
    def selection(self) -> Selection:
        from personalvibe.replay.dates import days_ago
        from personalvibe.replay.toolbox.refresh import Selection

        return Selection(
            paths=self.paths,
            before="" if self.older_than is None else days_ago(self.older_than),
            providers=self.providers,
            models=self.models,
            missed=self.missed,
        )


def choice_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which cassettes, and how their tests are run."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def planned(choice: Choice) -> tuple[LastRun, Plan]:
    """The tests' last run, and which cassettes it is about; says so, and what it will take."""
    from personalvibe.commands.last_run import known_run
    from personalvibe.replay import usage
    from personalvibe.replay.toolbox import refresh

    run = known_run(choice.last_run)
    plan = refresh.plan(run, choice.selection, usage.price_list())
    if not choice.as_json:
        _announce(plan, stand_in=choice.stand_in)
    return run, plan


def _announce(plan: Plan, *, stand_in: bool) -> None:
    import os

    for one in plan.cassettes:
        about = ", ".join((*one.models, *([one.recorded_at] if one.recorded_at else [])))
        say(f"{shown_path(one.path)}: {len(one.before):,} interactions; {about}", err=True)
    if not plan.cassettes:
        say("there is no such cassette", err=True)
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


def check_cost(choice: Choice, plan: Plan) -> None:
    """Raises `UserError` if more is expected than may be spent."""
    if choice.max_cost is None or choice.stand_in or plan.usage.cost_usd <= choice.max_cost:
        return
    raise UserError(
        f"that may cost USD {plan.usage.cost_usd:.4f}, more than --max-cost {choice.max_cost:g}",
        "Name fewer cassettes, or allow more.",
    )


def rerun(
    run: LastRun, plan: Plan, choice: Choice, options: Sequence[str], folder: Path, written: Path
) -> None:
    """Run the tests of a plan, from which the plugin is to write a file.

    Raises `UserError` if there is no such file then.
    """
    import shlex

    from personalvibe.replay.model import CassetteError
    from personalvibe.replay.toolbox.rerun import run_tests

    own = ["--record-mode=rewrite", *options]
    if choice.stand_in:
        own.append("--stand-in")
    elif choice.max_cost is not None:
        own.append(f"--max-recording-cost={choice.max_cost}")
    try:
        pytest = shlex.split(choice.pytest) if choice.pytest else _default()
        code = run_tests(run, pytest, own, plan.tests, folder)
    except ValueError as error:  # a quote that is not closed
        raise UserError(f"--pytest: {error}") from None
    except CassetteError as error:
        raise UserError(error.message, error.hint) from None
    if not written.exists():
        raise UserError(
            f"pytest ended with {code} and no test ran; every cassette is as it was",
            "What pytest says is above.",
        )


def _default() -> list[str]:
    import sys

    beside = Path(sys.executable).with_name("pytest")
    return [str(beside)] if beside.exists() else [sys.executable, "-m", "pytest"]
