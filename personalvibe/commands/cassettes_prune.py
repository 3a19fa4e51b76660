"""``pv cassettes prune``: remove what no test plays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from personalvibe.commands.cassette_files import json_option
from personalvibe.commands.last_run import last_run_option
from personalvibe.errors import ExitCode, UserError
from personalvibe.output import say

if TYPE_CHECKING:
    from personalvibe.replay.toolbox.prune import Plan, Removal


@click.command("prune")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--write", is_flag=True, help="Remove it; without this, only say what would go.")
@last_run_option
@json_option
def prune(paths: Sequence[Path], write: bool, last_run: Path | None, as_json: bool) -> int:
    """Remove cassettes and interactions that no test plays.

    What tests play is known from their last run, which the pytest plugin notes in pytest's cache:
    run the whole suite first, with xdist or without. PATHS are cassettes and folders to look at;
    all, if there are none.

    Exit codes: 0 nothing to remove, or removed; 1 there is something to remove; 2 wrong usage, or
    no whole run is known; 3 some files could not be changed.
    """
    from personalvibe.commands.documents import print_document
    from personalvibe.commands.last_run import known_run
    from personalvibe.replay.model import CassetteError
    from personalvibe.replay.toolbox import prune as toolbox

    try:
        plan = toolbox.plan(known_run(last_run))
    except CassetteError as error:
        raise UserError(error.message, error.hint) from None
    plan = _below(plan, paths)
    problems = _apply(plan.removals) if write else []
    if as_json:
        print_document(_document(plan, removed=write, problems=problems))
    else:
        _print(plan, removed=write)
    for problem in problems:
        say(f"error: {problem}", err=True)
    if problems:
        return ExitCode.PARTIAL
    return ExitCode.TODO if plan.removals and not write else ExitCode.OK


def _below(plan: Plan, paths: Sequence[Path]) -> Plan:
    from personalvibe.replay.toolbox.prune import Plan

    if not paths:
        return plan
    wanted = [one.resolve() for one in paths]

    def is_wanted(path: Path) -> bool:
        return any(path.resolve().is_relative_to(one) for one in wanted)

    return Plan(
        removals=tuple(one for one in plan.removals if is_wanted(one.path)),
        left=tuple(one for one in plan.left if is_wanted(one.path)),
    )


def _apply(removals: Sequence[Removal]) -> list[str]:
    """Remove; returns what could not be."""
    from personalvibe.replay.model import CassetteError
    from personalvibe.replay.toolbox import prune as toolbox

    problems = []
    for one in removals:
        try:
            toolbox.apply(one)
        except CassetteError as error:
            problems.append(error.message)
    return problems


def _print(plan: Plan, *, removed: bool) -> None:
    from personalvibe.commands.last_run import shown_path

    for one in plan.removals:
        say(f"{shown_path(one.path)}: {_what(one)}")
    for left in plan.left:
        say(f"note: left as it is: {shown_path(left.path)}: {left.reason}", err=True)
    files = sum(not one.positions for one in plan.removals)
    interactions = sum(len(one.positions) for one in plan.removals)
    done = "removed" if removed else "to remove"
    hint = "" if removed or not plan.removals else "; --write removes them"
    say(f"{files:,} cassettes and {interactions:,} interactions {done}{hint}", err=True)


def _what(one: Removal) -> str:
    if one.positions:
        numbers = ", ".join(map(str, one.positions))
        return f"interactions that no test plays: {numbers} of {one.of}"
    return "no test plays any of it" if one.of else "no test opens it"


def _document(plan: Plan, *, removed: bool, problems: Sequence[str]) -> dict[str, Any]:
    return {
        "removed": removed,
        "removals": [
            {"cassette": str(one.path), "interactions": list(one.positions), "of": one.of}
            for one in plan.removals
        ],
        "left": [{"cassette": str(one.path), "reason": one.reason} for one in plan.left],
        "problems": list(problems),
    }
