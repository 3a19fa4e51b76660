"""``pv cassettes scrub``: take out of cassettes what the audit finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from personalvibe.commands.cassette_files import (
    each_cassette,
    exit_code,
    harmless_option,
    paths_argument,
    redaction_rules,
    say_failure,
    secret_option,
)
from personalvibe.errors import ExitCode
from personalvibe.output import say

if TYPE_CHECKING:
    from personalvibe.replay.redaction.redact import RedactionRules
    from personalvibe.replay.toolbox.files import Recording
    from personalvibe.replay.toolbox.scrub import Scrubbed


@click.command("scrub")
@paths_argument
@click.option("--dry-run", is_flag=True, help="Say what would be redacted; change nothing.")
@secret_option
@harmless_option
def scrub(
    paths: Sequence[Path], dry_run: bool, secret: Sequence[str], harmless: Sequence[str]
) -> int:
    """Redact in place the secrets, cookies and account names that audit finds.

    A file keeps its format, and is replaced whole or not at all. What was in a repository stays in
    its history: revoke it.

    Exit codes: 0 nothing is left; 1 something is left, or would be redacted; 2 nothing could be
    read; 3 some files could not be read or written.
    """
    rules = redaction_rules(secret, harmless)
    results = [_result(one, rules, dry_run=dry_run) for one in each_cassette(paths, as_stored=True)]
    entries = sorted({entry for one in results for entry in one.entries})
    if entries:
        say(f"hint: To match them in replay, set in vcr_config: redact={entries}", err=True)
    say(_summary(results, dry_run=dry_run), err=True)
    failed = sum(one.failed for one in results)
    if failed:
        return exit_code(len(results) - failed, failed)
    is_open = any(one.left or (dry_run and one.redacted) for one in results)
    return ExitCode.TODO if is_open else ExitCode.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """What became of a file."""

    redacted: int = 0
    left: int = 0
    entries: tuple[str, ...] = ()
    failed: bool = False


def _result(recording: Recording | None, rules: RedactionRules, *, dry_run: bool) -> _Result:
    from personalvibe.replay.model import CassetteError
    from personalvibe.replay.toolbox import scrub as toolbox

    if recording is None:
        return _Result(failed=True)
    try:
        change = toolbox.scrub(recording, rules)
        if change is None:
            return _Result()
        if not dry_run:
            toolbox.write(change, recording.content)
    except (CassetteError, OSError) as error:
        say_failure(recording.path, error)
        return _Result(failed=True)
    _print(change)
    return _Result(redacted=len(change.redacted), left=len(change.left), entries=change.entries)


def _print(change: Scrubbed) -> None:
    from personalvibe.replay.toolbox.sarif import described

    for one in change.redacted:
        say(f"{change.path}: redacted: {described(one)}")
    for one in change.left:
        say(f"{change.path}: left: {described(one)}")


def _summary(results: Sequence[_Result], *, dry_run: bool) -> str:
    verb = "would be redacted" if dry_run else "redacted"
    redacted = sum(one.redacted for one in results)
    left = sum(one.left for one in results)
    changed = sum(bool(one.redacted) for one in results)
    rest = f", {left:,} left" if left else ""
    return f"{len(results):,} cassettes: {redacted:,} findings {verb} in {changed:,}{rest}"
