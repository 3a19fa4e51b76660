"""``pv runs`` and ``pv show``: what was asked before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from personalvibe.commands.options import env_file_option, json_option
from personalvibe.errors import UserError
from personalvibe.output import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from personalvibe.history import PastRun, RunRecord

TITLE = 40

_project = click.option(
    "--project-name", metavar="NAME", help="The folder of data/.  [default: all]"
)


@click.command("runs")
@_project
@click.option("--limit", type=click.IntRange(min=1), default=20, metavar="N", help="Show so many.")
@json_option
@env_file_option
def runs(project_name: str | None, limit: int, as_json: bool) -> None:
    """List past runs, the newest first."""
    from personalvibe.commands import documents
    from personalvibe.history import read_record
    from personalvibe.terminal import notes

    with notes("none"):
        found = _found(project_name)
        newest = [(run, read_record(run)) for run in found[:limit]]
        if as_json:
            documents.print_document([documents.of_past_run(*one) for one in newest])
            return
        if not found:
            say("note: no run is kept here yet", err=True)
            return
        say(_table(newest))
        if len(found) > limit:
            say(f"note: {len(found) - limit:,} older runs; --limit shows more", err=True)


@click.command("show")
@click.argument("run", required=False)
@_project
@click.option("--prompt", "part", flag_value="prompt", help="Print the prompt and nothing else.")
@click.option("--reply", "part", flag_value="reply", help="Print the reply and nothing else.")
@json_option
@env_file_option
def show(run: str | None, project_name: str | None, part: str | None, as_json: bool) -> None:
    """Show a past run: the newest, or RUN.

    RUN is a name that `pv runs` lists, the beginning of one, or the file of a prompt or a reply.
    """
    if part and as_json:
        raise click.UsageError(f"--json prints one document: it excludes --{part}.")

    from personalvibe.commands import documents
    from personalvibe.history import find_run, read_record
    from personalvibe.terminal import notes

    with notes("none"):
        found = _found(project_name)
        if not found:
            raise UserError("no run is kept here yet", 'Ask first: pv run, or pv ask "...".')
        chosen = find_run(found, run) if run else found[0]
        record = read_record(chosen)
        texts = {"prompt": _text(chosen.prompt_file), "reply": _text(chosen.reply_file)}
        if as_json:
            documents.print_document({**documents.of_past_run(chosen, record), **texts})
        elif part:
            _print_part(chosen, part, texts[part])
        else:
            say(_page(chosen, record, texts["prompt"], texts["reply"]))


COMMANDS = (runs, show)


def _found(project: str | None) -> list[PastRun]:
    from personalvibe.history import past_runs
    from personalvibe.workspace import Workspace, check_project_name

    if project is not None:
        check_project_name(project, "data/")
    return past_runs(Workspace.find(), project)


def _print_part(run: PastRun, part: str, text: str | None) -> None:
    if text is None:
        raise UserError(f"run {run.name}: its {part} is not kept", "`pv runs` lists others.")
    say(text)


def _page(run: PastRun, record: RunRecord | None, prompt: str | None, reply: str | None) -> str:
    """A run as Markdown."""
    facts = [f"# {run.name}", "", f"project {run.project}"]
    if record is not None:
        facts += [f"model   {record.model}: {_tokens(record)}, {_cost(record)}"]
    parts = {"System": record.system if record else None, "Prompt": prompt, "Reply": reply}
    texts = [
        f"## {title}\n\n{text if text is not None else '(not kept)'}"
        for title, text in parts.items()
        if text is not None or title != "System"
    ]
    return "\n\n".join(["\n".join(facts), *texts])


def _tokens(record: RunRecord) -> str:
    if record.input_tokens is None:
        return "tokens not reported"
    return f"{record.input_tokens:,} tokens in, {record.output_tokens or 0:,} out"


def _cost(record: RunRecord) -> str:
    return "cost unknown" if record.cost_usd is None else f"USD {record.cost_usd:.6f}"


def _table(runs: Sequence[tuple[PastRun, RunRecord | None]]) -> str:
    rows: list[tuple[str, ...]] = [("RUN", "PROJECT", "MODEL", "IN", "OUT", "USD", "PROMPT")]
    rows += [_row(run, record) for run, record in runs]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _row(run: PastRun, record: RunRecord | None) -> tuple[str, ...]:
    known = (record.model, record.input_tokens, record.output_tokens) if record else (None,) * 3
    cost = None if record is None or record.cost_usd is None else f"{record.cost_usd:.6f}"
    facts = ("-" if fact is None else str(fact) for fact in (*known, cost))
    return (run.name, run.project, *facts, _title(run.prompt_file))


def _title(prompt: Path | None) -> str:
    """The first line of a prompt, shortened."""
    if prompt is None:
        return "-"
    try:
        with prompt.open(encoding="utf-8", errors="replace") as file:
            start = file.read(1000).strip()
    except OSError:
        return "-"
    line = " ".join(start.partition("\n")[0].split())
    return line if len(line) <= TITLE else f"{line[: TITLE - 3]}..."


def _text(path: Path | None) -> str | None:
    """A stored text; None when it is gone."""
    from personalvibe.workspace import read_saved

    return read_saved(path) if path is not None and path.exists() else None
