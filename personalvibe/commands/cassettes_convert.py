"""``pv cassettes convert``: take recordings to another tool, or bring them from there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

import click

from personalvibe.commands.cassette_files import (
    exit_code,
    harmless_option,
    no_cassette,
    paths_argument,
    redaction_rules,
    say_failure,
    secret_option,
    with_progress,
)
from personalvibe.output import say

if TYPE_CHECKING:
    from personalvibe.replay.redaction.redact import RedactionRules
    from personalvibe.replay.toolbox.convert import Format
    from personalvibe.replay.toolbox.files import Candidate


@click.command("convert", short_help="Change to vcrpy's format, or to this one's.")
@paths_argument
@click.option("--to", required=True, type=click.Choice(("vcrpy", "native")), help="The format.")
@click.option(
    "--output", "folder", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
    help="Write there; without it, in place.",
)  # fmt: skip
@secret_option
@harmless_option
def convert(
    paths: Sequence[Path],
    to: str,
    folder: Path | None,
    secret: Sequence[str],
    harmless: Sequence[str],
) -> int:
    """Write cassettes in vcrpy's format or in that of this harness; they serve the same bytes.

    Secrets are redacted. A .json or .gz becomes a .yaml beside it.

    Exit codes: 0 done; 2 nothing could be read; 3 some files could not be read or written.
    """
    from personalvibe.replay.toolbox import files
    from personalvibe.replay.toolbox.convert import Format

    rules = redaction_rules(secret, harmless)
    results: Counter[_Result] = Counter()
    for candidate in with_progress(files.find(paths)):
        path = candidate.path
        home = folder / _below(path, paths) if folder else path.parent
        results[_result(candidate, Format(to), rules, home)] += 1
    del results[_Result.NO_CASSETTE]
    if not results:
        raise no_cassette(paths)
    total, failed = results.total(), results[_Result.FAILED]
    say(
        f"{total:,} cassettes: {results[_Result.CONVERTED]:,} converted, "
        f"{results[_Result.UNCHANGED]:,} in the format {to} already",
        err=True,
    )
    return exit_code(total - failed, failed)


def _below(path: Path, paths: Sequence[Path]) -> Path:
    """The folder of a file, seen from the folder that was named."""
    above = [one for one in paths if one.is_dir() and path.is_relative_to(one)]
    return path.parent.relative_to(above[0]) if above else Path()


class _Result(Enum):
    CONVERTED = auto()
    UNCHANGED = auto()
    FAILED = auto()
    NO_CASSETTE = auto()


def _result(candidate: Candidate, to: Format, rules: RedactionRules, folder: Path) -> _Result:
    from personalvibe.replay.model import CassetteError
    from personalvibe.replay.toolbox import convert as toolbox
    from personalvibe.replay.toolbox import files

    try:
        written = toolbox.convert(candidate.path, to, rules, folder)
    except CassetteError as error:
        if not files.counts(candidate, error):
            return _Result.NO_CASSETTE
        say_failure(candidate.path, error)
        return _Result.FAILED
    except OSError as error:
        say_failure(candidate.path, error)
        return _Result.FAILED
    return _Result.CONVERTED if written else _Result.UNCHANGED
