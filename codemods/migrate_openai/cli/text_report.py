"""Outcomes -> text for a person: lines in the manner of a linter, diffs, counts."""

from __future__ import annotations

import difflib
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TextIO

from codemods.migrate_openai.cli.printable import patch_name, printable
from codemods.migrate_openai.files.deps import Dependency
from codemods.migrate_openai.files.file_report import Outcome, Site, TextChange
from codemods.migrate_openai.model import Finding
from codemods.migrate_openai.rules.reasons import REASONS, sentence

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_BOLD, _RED, _GREEN, _CYAN, _OFF = "\033[1m", "\033[31m", "\033[32m", "\033[36m", "\033[0m"


@dataclass(slots=True)
class Tally:
    """What a run adds up to. The one mutable thing that every outcome passes through."""

    files: int = 0
    changed: int = 0
    failed: int = 0
    migrated: int = 0
    already_done: int = 0
    left: int = 0
    settled: int = 0
    """Of ``left``: where there is nothing to do; counted, not listed."""
    remaining: int = 0
    """Of ``left``: direct calls that nobody has decided to keep."""
    rules: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(rule, status, reason) -> sites."""

    def add(self, outcome: Outcome) -> None:
        if outcome.silent:
            return
        self.files += 1
        self.changed += outcome.after is not None
        self.failed += outcome.status == "failed"
        self.migrated += outcome.count("migrated")
        self.already_done += outcome.count("already-done")
        self.left += outcome.count("left")
        for site in outcome.sites:
            finding = site.finding
            self.settled += is_settled(finding)
            self.remaining += remains(finding)
            self.rules[finding.rule, finding.status, finding.reason] += 1


ASKED_FOR = frozenset({"skipped", "vendored", "generated"})
"""Reasons that are a decision of the user."""
SETTLED = ASKED_FOR | {"other-sdk", "type"}
"""Reasons with nothing to do: such a site is counted, and in JSON and SARIF, not in the text."""


def is_settled(finding: Finding) -> bool:
    """Whether the site is left and there is nothing for a person to do."""
    return finding.status == "left" and finding.reason in SETTLED


def remains(finding: Finding) -> bool:
    """Whether a check fails on this site: a direct call that nobody decided to keep."""
    return (
        finding.status == "left"
        and finding.kind in ("call", "client")
        and not is_settled(finding)
        and REASONS[finding.reason].is_openai
    )


def coloured(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether to colour. See https://no-color.org and https://force-color.org."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environment.get("TERM") != "dumb"


def lines(outcome: Outcome, *, write: bool) -> Iterator[str]:
    """What to print for one file: a line of its own, then one for every site that is left."""
    if outcome.error:
        yield f"{outcome.path}: failed: {outcome.error}"
        return
    if migrated := outcome.count("migrated"):
        verb = "migrated" if write else "to migrate"
        yield f"{outcome.path}: {migrated} {plural(migrated, 'site')} {verb}"
    for site in outcome.sites:
        if site.status == "left" and not is_settled(site.finding):
            yield _left(outcome.path, site)


def diff(change: TextChange, *, colour: bool, terminal: bool) -> Iterator[str]:
    """A unified diff, line by line, with its line ends; ``patch`` takes it.

    On a terminal the text is for the eye, and what would act on the terminal is escaped.
    """
    name = patch_name(PurePath(change.label))
    before, after = _LINE.findall(change.before), _LINE.findall(change.after)
    for line in difflib.unified_diff(before, after, name, name):
        tail = "\n" if line.endswith("\n") else "\n\\ No newline at end of file\n"
        body = line.removesuffix("\n")
        if terminal:
            end = "\r" if body.endswith("\r") else ""
            body = printable(body.removesuffix("\r"), keep="\t") + end
        yield (_paint(body) if colour else body) + tail


def dependency(found: Dependency, *, deps: bool) -> str:
    """One line that asks for openai, and what becomes of it."""
    where = f"{found.path}:{found.line}: {found.before}"
    note = f" ({found.note})" if found.note else ""
    if found.after is None:
        return f"{where}{note}"
    what = f"+ {found.needed}" if found.kept else f"-> {found.after or 'removed'}"
    return f"{where} {what}{note}" + ("" if deps else " [--deps]")


def summary(tally: Tally, *, write: bool) -> Iterator[str]:
    """The closing line."""
    if not tally.files:
        yield "No openai calls found."
        return
    verb = "migrated" if write else "to migrate"
    parts = [
        f"{tally.migrated} {plural(tally.migrated, 'site')} {verb}",
        f"{tally.left - tally.settled} left",
    ]
    if tally.settled:
        parts.append(f"{tally.settled} left with nothing to do")
    if tally.already_done:
        parts.append(f"{tally.already_done} already done")
    if tally.failed:
        parts.append(f"{tally.failed} {plural(tally.failed, 'file')} failed")
    yield f"{tally.files} {plural(tally.files, 'file')}: {', '.join(parts)}."


def statistics(tally: Tally) -> Iterator[str]:
    """Sites by rule and status, the most frequent first."""
    rows = sorted(tally.rules.items(), key=lambda item: (-item[1], item[0]))
    width = len(str(rows[0][1])) if rows else 0
    for (rule, status, reason), number in rows:
        yield f"{number:>{width}}  {rule or '-':<6}  {status}{f' ({reason})' if reason else ''}"


def _left(path: str, site: Site) -> str:
    finding = site.finding
    rule = f"{finding.rule} " if finding.rule else ""
    what = f"{finding.source}: " if finding.source else ""
    text = " ".join(sentence(part) for part in (finding.message, finding.advice) if part)
    return f"{path}:{site.place}: {rule}left: {what}{text} [{finding.reason}]"


def plural(number: int, noun: str) -> str:
    return noun if number == 1 else f"{noun}s"


def _paint(line: str) -> str:
    if line.startswith(("---", "+++")):
        return f"{_BOLD}{line}{_OFF}"
    for start, colour in (("@@", _CYAN), ("+", _GREEN), ("-", _RED)):
        if line.startswith(start):
            return f"{colour}{line}{_OFF}"
    return line
