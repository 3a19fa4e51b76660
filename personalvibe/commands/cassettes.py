"""``pv cassettes``: what is in recordings, and what should not be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from personalvibe.commands import (
    cassettes_convert,
    cassettes_diff,
    cassettes_scrub,
    cassettes_stats,
)
from personalvibe.commands.cassette_files import (
    each_cassette,
    exit_code,
    harmless_option,
    json_option,
    no_cassette,
    paths_argument,
    redaction_rules,
    secret_option,
    with_progress,
)
from personalvibe.errors import ExitCode, UserError
from personalvibe.output import say

if TYPE_CHECKING:
    from personalvibe.replay.toolbox.audit import Audit
    from personalvibe.replay.toolbox.baseline import Compared, Entry


@click.group("cassettes")
def cassettes() -> None:
    """Read, check, compare and refresh cassettes.

    PATHS are cassettes, or folders that are searched for them: those of this harness, of vcrpy,
    pytest-recording, pydantic-ai, langchain-tests and cassetter, compressed or not.
    """


@cassettes.command("show", short_help="Show recorded exchanges as conversations.")
@paths_argument
@click.option("--interaction", type=click.IntRange(min=1), metavar="N", help="Show only the N-th.")
@click.option("--raw", is_flag=True, help="Show both messages with their headers.")
@json_option
@secret_option
@harmless_option
def show(
    paths: Sequence[Path],
    interaction: int | None,
    raw: bool,
    as_json: bool,
    secret: Sequence[str],
    harmless: Sequence[str],
) -> int:
    """Show recorded exchanges as conversations, without their secrets.

    Exit codes: 0 shown; 2 nothing could be read; 3 some files could not be read.
    """
    if raw and as_json:
        raise click.UsageError("--json prints one document: it excludes --raw.")
    from personalvibe.commands.documents import print_document
    from personalvibe.replay import usage
    from personalvibe.replay.toolbox import show as toolbox

    rules, prices = redaction_rules(secret, harmless), usage.price_list()
    results = list(each_cassette(paths))
    readable = [one for one in results if one is not None]
    found = [
        one
        for recording in readable
        for one in toolbox.shown(recording, rules, prices, only=interaction)
    ]
    if readable and interaction and not found:
        most = max(len(one.interactions) for one in readable)
        raise UserError(f"there is no interaction {interaction}", f"The last one is {most}.")
    if as_json:
        print_document(toolbox.document(found))
    else:
        for one in found:
            say(toolbox.exchange(one) if raw else toolbox.page(one))
    return exit_code(len(readable), len(results) - len(readable))


_LEVELS = ("error", "warning", "note")


@cassettes.command("audit")
@paths_argument
@click.option(
    "--level", type=click.Choice(_LEVELS), default="warning", help="Report from this level up."
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Leave out the findings that this file accepts.",
)
@click.option(
    "--write-baseline", is_flag=True, help="Accept what is found now: write it to --baseline FILE."
)
@click.option(
    "--sarif",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the findings as SARIF, too, for code scanning.",
)
@json_option
@secret_option
@harmless_option
def audit(
    paths: Sequence[Path],
    level: str,
    baseline: Path | None,
    write_baseline: bool,
    sarif: Path | None,
    as_json: bool,
    secret: Sequence[str],
    harmless: Sequence[str],
) -> int:
    """Look for secrets, personal data, damage and mistakes. Never prints a secret.

    Exit codes: 0 nothing found; 1 something found; 2 wrong usage, or no cassette.
    """
    if write_baseline and baseline is None:
        raise click.UsageError("--write-baseline needs --baseline FILE.")
    from personalvibe.replay.toolbox import baseline as baselines
    from personalvibe.replay.toolbox import files
    from personalvibe.replay.toolbox import sarif as sarif_format
    from personalvibe.replay.toolbox.audit import audit as look
    from personalvibe.replay.toolbox.findings import Level

    entries = _entries(baseline) if baseline and not write_baseline else frozenset()
    result = look(with_progress(files.find(paths)), redaction_rules(secret, harmless))
    if not result.cassettes:
        raise no_cassette(paths)
    found = [one for one in result.findings if one.level.reaches(Level(level))]
    if write_baseline and baseline:
        baselines.write(baseline, found)
        say(f"note: {baseline} accepts what was found: {len(found):,} findings", err=True)
        return ExitCode.OK
    compared = baselines.compare(found, entries, baseline.parent if baseline else Path())
    if sarif:
        _write_json(sarif, sarif_format.document(compared.fresh))
    _print_audit(result, compared, as_json=as_json)
    return ExitCode.TODO if compared.fresh else ExitCode.OK


def _entries(baseline: Path) -> frozenset[Entry]:
    from personalvibe.replay.model import CassetteError
    from personalvibe.replay.toolbox import baseline as baselines

    try:
        return baselines.read(baseline)
    except FileNotFoundError:
        raise UserError(
            f"{baseline}: there is no such file", "Write it with --write-baseline."
        ) from None
    except CassetteError as error:
        raise UserError(error.message, error.hint) from None


def _write_json(path: Path, document: object) -> None:
    import json

    from personalvibe.replay.cassette.disk import replace_file

    replace_file(path, f"{json.dumps(document, indent=2)}\n".encode())


def _print_audit(result: Audit, compared: Compared, *, as_json: bool) -> None:
    from personalvibe.commands.documents import print_document
    from personalvibe.replay.toolbox import report

    if as_json:
        print_document(report.document(result, compared))
        return
    lines = report.lines(compared.fresh)
    if lines:
        say("\n".join(lines))
    say(report.summary(result, compared), err=True)


for _command in (
    cassettes_convert.convert,
    cassettes_diff.diff,
    cassettes_diff.git_setup,
    cassettes_diff.textconv,
    cassettes_scrub.scrub,
    cassettes_stats.stats,
):
    cassettes.add_command(_command)
