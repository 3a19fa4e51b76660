"""``pv cassettes report``: everything about a folder of cassettes on one page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from personalvibe.commands.cassette_files import (
    each_cassette,
    exit_code,
    paths_argument,
    redaction_rules,
)
from personalvibe.errors import UserError
from personalvibe.output import say

if TYPE_CHECKING:
    from personalvibe.replay.redaction.redact import RedactionRules
    from personalvibe.replay.toolbox.drift_report import TestDrift
    from personalvibe.replay.toolbox.findings import Finding


@click.command("report", short_help="Put everything about cassettes on one page.")
@paths_argument
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="OUT",
    help="Write the page to this file.",
)
@click.option(
    "--drift",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Show the drift, too, that `pv cassettes drift --json > FILE` has found.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the page's data as JSON.")
@click.option(
    "--redact",
    "secret",
    multiple=True,
    metavar="NAME",
    help="What else is secret, as in vcr_config: x-header, query:name, body:name, text:literal.",
)
@click.option(
    "--redact-keep", "harmless", multiple=True, metavar="NAME",
    help="What is no secret, in the same spelling.",
)  # fmt: skip
def report(
    paths: Sequence[Path],
    html: Path | None,
    drift: Path | None,
    as_json: bool,
    secret: Sequence[str],
    harmless: Sequence[str],
) -> int:
    """Put everything about cassettes on one page: a list to search, conversations, tokens and
    cost over time, age, the audit, drift. One file, which asks nobody for anything.

    Exit codes: 0 written; 2 nothing could be read; 3 some files could not be read.
    """
    if html is None and not as_json:
        raise click.UsageError("Say where the page goes: --html OUT.")
    from personalvibe.commands.documents import print_document
    from personalvibe.replay import usage
    from personalvibe.replay.dates import now
    from personalvibe.replay.toolbox.html import data

    rules = redaction_rules(secret, harmless)
    drifts = _drifts(drift) if drift else []
    recordings = list(each_cassette(paths))
    readable = [one for one in recordings if one is not None]
    document = data.document(
        readable,
        _findings(paths, rules),
        drifts,
        rules=rules,
        prices=usage.price_list(),
        now=now(),
    )
    if html is not None:
        _write(html, document)
        say(f"{html}: {len(readable):,} cassettes", err=True)
    if as_json:
        print_document(document)
    return exit_code(len(readable), len(recordings) - len(readable))


def _findings(paths: Sequence[Path], rules: RedactionRules) -> tuple[Finding, ...]:
    from personalvibe.replay.toolbox import files
    from personalvibe.replay.toolbox.audit import audit

    return audit(files.find(paths), rules).findings


def _drifts(path: Path) -> list[TestDrift]:
    from personalvibe.replay.model import CassetteError
    from personalvibe.replay.toolbox import drift_report

    try:
        return drift_report.load(path)
    except CassetteError as error:
        raise UserError(error.message, "Write it with pv cassettes drift --json.") from None


def _write(path: Path, document: dict[str, Any]) -> None:
    from personalvibe.replay.cassette.disk import replace_file
    from personalvibe.replay.toolbox.html.page import render

    replace_file(path, render(document).encode("utf-8", "backslashreplace"))
