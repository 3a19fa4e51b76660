"""The audit of cassettes: from files to findings, which never hold what was found."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from personalvibe.replay.cassette import bodies
from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.model import (
    CassetteError,
    Interaction,
    OtherProtocolError,
    Request,
    Response,
)
from personalvibe.replay.redaction.redact import RedactionRules
from personalvibe.replay.toolbox import files
from personalvibe.replay.toolbox.checks import check, failures
from personalvibe.replay.toolbox.findings import Finding, Rule
from personalvibe.replay.toolbox.personal import personal_data
from personalvibe.replay.toolbox.secrets import Sighting, in_text, sightings
from personalvibe.replay.toolbox.yaml_tags import python_tags


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What became of the files that were looked at."""

    cassettes: int
    interactions: int
    skipped: tuple[files.Refused, ...]
    """Files of another kind in the folders."""
    findings: tuple[Finding, ...]


def audit(candidates: Iterable[files.Candidate], rules: RedactionRules) -> Audit:
    """Look at files, one at a time: a folder may hold more than memory does."""
    counts = {"cassettes": 0, "interactions": 0}
    skipped: list[files.Refused] = []
    findings: list[Finding] = []
    first: dict[bytes, Path] = {}
    for candidate in candidates:
        result = files.read(candidate, as_stored=True)
        if isinstance(result, files.Refused) and not _is_searched(result):
            skipped.append(result)
            continue
        counts["cassettes"] += 1
        if isinstance(result, files.Refused):
            findings += _of_refused(result, rules)
            continue
        counts["interactions"] += len(result.interactions)
        findings += findings_of(result, rules)
        findings += _duplicate(result, first)
    return Audit(skipped=tuple(skipped), findings=tuple(findings), **counts)


def _is_searched(refused: files.Refused) -> bool:
    return refused.is_cassette or isinstance(refused.error, OtherProtocolError)


def _of_refused(refused: files.Refused, rules: RedactionRules) -> list[Finding]:
    """Of a file that cannot be read, its text is searched all the same."""
    error = refused.error
    unsafe = _unsafe(refused.path, refused.content)
    prefix = f"{refused.path}:{error.line}: " if error.line else f"{refused.path}: "
    found = unsafe or [
        Finding(
            rule=_rule(error),
            path=refused.path,
            line=error.line,
            message=error.message.removeprefix(prefix),
        )
    ]
    text = _text(refused.content)
    lines = _Lines(text)
    return found + [
        lines.finding(refused.path, None, one) for one in _unique(in_text("the file", text, rules))
    ]


def _rule(error: CassetteError) -> Rule:
    is_other = isinstance(error, OtherProtocolError)
    return Rule.OTHER_PROTOCOL if is_other else Rule.UNREADABLE


def findings_of(recording: files.Recording, rules: RedactionRules) -> list[Finding]:
    """What is wrong with a cassette that was read as it is stored."""
    text = _text(recording.content)
    lines = _Lines(text)
    budget = bodies.Budget(cassette.MAX_BYTES * cassette.UNPACKED)
    found = _unsafe(recording.path, recording.content)
    seen: set[str] = set()
    for number, stored in enumerate(recording.interactions, 1):
        try:
            plain = _unpacked(stored, budget)
        except bodies.OverBudgetError as error:
            message = f"interaction {number}: {error}"
            found.append(Finding(rule=Rule.UNREADABLE, path=recording.path, message=message))
            break
        noticed = [*sightings(plain, rules), *personal_data(plain), *check(stored, plain)]
        seen.update(one.value for one in noticed)
        found += [lines.finding(recording.path, number, one) for one in _unique(noticed)]
    for position, one in failures(recording.interactions):
        found.append(lines.finding(recording.path, position + 1, one))
    comments = (one for one in _in_comments(text, rules) if not _within(one.value, seen))
    return found + [lines.finding(recording.path, None, one) for one in _unique(comments)]


def _within(value: str, known: set[str]) -> bool:
    return any(value in one or one in value for one in known if one)


def _unpacked(one: Interaction, budget: bodies.Budget) -> Interaction:
    return replace(one, request=_plain(one.request, budget), response=_plain(one.response, budget))


Message = TypeVar("Message", Request, Response)


def _plain(message: Message, budget: bodies.Budget) -> Message:
    headers, body = bodies.decompress(message.headers, message.body, budget)
    return replace(message, headers=headers, body=body)


def _unsafe(path: Path, content: bytes) -> list[Finding]:
    return [
        Finding(rule=Rule.UNSAFE_YAML, path=path, line=line, message=f"the tag {tag}", check=tag)
        for tag, line in python_tags(_unzipped(content)).items()
    ]


def _unzipped(content: bytes) -> bytes:
    try:
        plain = bodies.inflated(content) if content[:2] == b"\x1f\x8b" else content
    except zlib.error:
        return b""
    return plain or b""


def _text(content: bytes) -> str:
    return _unzipped(content).decode("utf-8", "replace")


_COMMENT = re.compile(r"(?m)(?:^|[ \t])#(.*)$")


def _in_comments(text: str, rules: RedactionRules) -> Iterator[Sighting]:
    """Secrets in what may be a comment; a heading in a body looks like one, too."""
    comments = "\n".join(_COMMENT.findall(text))
    return in_text("a comment", comments, rules)


def _unique(noticed: Iterable[Sighting]) -> list[Sighting]:
    """Each value once at its place; a leak whose value nobody knows, only where nothing else is."""
    by_place: dict[tuple[str, Rule, str], Sighting] = {}
    for one in sorted(noticed, key=lambda one: not one.value):
        if one.value or not any(place == one.place for place, _, _ in by_place):
            by_place.setdefault((one.place, one.rule, one.value), one)
    return list(by_place.values())


def _duplicate(recording: files.Recording, first: dict[bytes, Path]) -> Iterator[Finding]:
    """That a cassette holds what an earlier one holds, whatever its format."""
    if not recording.interactions:
        return
    text = repr([(one.request, one.response) for one in recording.interactions])
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    other = first.setdefault(digest, recording.path)
    if other != recording.path:
        message = f"the same interactions as {other}"
        yield Finding(rule=Rule.DUPLICATE, path=recording.path, message=message)


class _Lines:
    """On which line of a file a value stands, where it stands there as it is."""

    def __init__(self, text: str) -> None:
        self.text = text

    def finding(self, path: Path, number: int | None, one: Sighting) -> Finding:
        return Finding(
            rule=one.rule,
            path=path,
            message=one.what,
            interaction=number,
            place=one.place,
            line=self.line(one.value),
            check=_check(one.value),
        )

    def line(self, value: str) -> int | None:
        start = value.split("\n", 1)[0][:_FOUND_BY]
        position = self.text.find(start) if start else -1
        return None if position < 0 else self.text.count("\n", 0, position) + 1


_FOUND_BY = 40
"""Characters: YAML folds longer lines."""


def _check(value: str) -> str:
    """Sixteen bits of a digest: enough to notice another value, too few to guess one by."""
    if not value:
        return ""
    return hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=2).hexdigest()
