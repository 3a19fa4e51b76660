"""``pv cassettes diff``, and git that compares cassettes like it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from personalvibe.commands.cassette_files import (
    harmless_option,
    json_option,
    redaction_rules,
    secret_option,
    with_progress,
)
from personalvibe.errors import ExitCode, UserError
from personalvibe.output import say

if TYPE_CHECKING:
    from personalvibe.replay.redaction.redact import RedactionRules
    from personalvibe.replay.toolbox.diff_text import CassetteDiff
    from personalvibe.replay.toolbox.files import Candidate, Pair, Refused
    from personalvibe.replay.toolbox.outline import Outline

_path = click.Path(path_type=Path)
_TOPICS = (
    *("endpoint", "model", "parameter", "tool", "prompt", "status", "answered by", "answer"),
    *("tool call", "finish", "tokens"),
)


@click.command("diff")
@click.argument("before", metavar="A", type=_path)
@click.argument("after", metavar="B", type=_path)
@click.option(
    "--ignore", multiple=True, type=click.Choice(_TOPICS), help="Leave out changes of this kind."
)
@json_option
@secret_option
@harmless_option
def diff(
    before: Path,
    after: Path,
    ignore: Sequence[str],
    as_json: bool,
    secret: Sequence[str],
    harmless: Sequence[str],
) -> int:
    """Show what two recordings say differently: two cassettes, or two folders of them.

    Ids, times, headers and the order of keys are left out.

    Exit codes: 0 the same; 1 they differ; 2 nothing could be compared; 3 some files could not be
    read.
    """
    from personalvibe.commands.documents import print_document
    from personalvibe.replay.toolbox import diff_text, files

    pairs = _pairs(before, after)
    rules = redaction_rules(secret, harmless)
    results = [_compared(one, ignore, rules) for one in with_progress(pairs)]
    refused = [one for one in results if isinstance(one, files.Refused) and one.is_cassette]
    compared = [one for one in results if isinstance(one, diff_text.CassetteDiff)]
    for one in refused:
        say(f"error: {one.error.message}", err=True)
    if not compared:
        if refused:
            return ExitCode.USAGE
        raise UserError(f"{before}, {after}: no cassette there", "Name cassettes, or folders.")
    found = [one for one in compared if one.differs]
    if as_json:
        print_document(diff_text.document(found))
    else:
        for line in diff_text.lines(found):
            say(line)
        say(diff_text.summary(len(compared), found), err=True)
    if refused:
        return ExitCode.PARTIAL
    return ExitCode.TODO if found else ExitCode.OK


def _pairs(before: Path, after: Path) -> list[Pair]:
    from personalvibe.replay.model import CassetteError
    from personalvibe.replay.toolbox import files

    try:
        return files.pairs(before, after)
    except CassetteError as error:
        raise UserError(error.message, error.hint) from None


def _compared(pair: Pair, ignore: Sequence[str], rules: RedactionRules) -> CassetteDiff | Refused:
    from personalvibe.replay.toolbox import files
    from personalvibe.replay.toolbox.diff import compare
    from personalvibe.replay.toolbox.diff_text import CassetteDiff
    from personalvibe.replay.toolbox.outline import Topic

    before, after = _outlines(pair.before, rules), _outlines(pair.after, rules)
    if isinstance(before, files.Refused):
        return before
    if isinstance(after, files.Refused):
        return after
    return CassetteDiff(
        before=pair.before.path if pair.before else None,
        after=pair.after.path if pair.after else None,
        interactions=compare(before, after, ignore=[Topic(one) for one in ignore]),
    )


def _outlines(candidate: Candidate | None, rules: RedactionRules) -> tuple[Outline, ...] | Refused:
    from personalvibe.replay.toolbox import files
    from personalvibe.replay.toolbox.outline import outlines

    if candidate is None:
        return ()
    result = files.read(candidate)
    return result if isinstance(result, files.Refused) else outlines(result.interactions, rules)


@click.command("textconv", hidden=True)
@click.argument("path", type=_path)
def textconv(path: Path) -> int:
    """Print what a cassette says, for git diff."""
    from personalvibe.replay.model import NotACassetteError
    from personalvibe.replay.toolbox import files
    from personalvibe.replay.toolbox.outline import outlines, text_of

    result = files.read(files.Candidate(path=path, named=True))
    if isinstance(result, files.Refused):
        # git gives up where its driver fails, and a damaged file is what a diff should show.
        if not isinstance(result.error, NotACassetteError):
            say(f"note: shown as it is: {result.error.message}", err=True)
        say(result.content.decode("utf-8", "backslashreplace"), end="")
    else:
        say(text_of(outlines(result.interactions, redaction_rules((), ()))), end="")
    return ExitCode.OK


@click.command("git-setup")
@click.argument("patterns", metavar="[PATTERN]...", nargs=-1)
def git_setup(patterns: Sequence[str]) -> int:
    """Let git diff show what cassettes say, in this clone.

    Names the driver in .gitattributes, which is to be committed, for PATTERN or else for every
    folder `cassettes`; what the driver runs is a setting of the clone.

    Exit codes: 0 done; 2 no repository.
    """
    from personalvibe.replay.toolbox import git_driver

    try:
        done = git_driver.set_up(Path(), patterns or git_driver.PATTERNS)
    except git_driver.NoRepositoryError as error:
        raise UserError(str(error), "Run it inside of a git repository.") from None
    for line in done.added:
        say(f"{done.attributes}: {line}")
    for name, value in done.settings:
        say(f"git config {name}: {value}")
    return ExitCode.OK
