"""Cassettes without the secrets that an audit finds in them."""

from __future__ import annotations

import gzip
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from personalvibe.replay.cassette import bodies, disk, native
from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.cassette.foreign_edit import edited, written_like
from personalvibe.replay.model import (
    CassetteError,
    Headers,
    Interaction,
    Request,
    Response,
)
from personalvibe.replay.redaction.redact import RedactionRules, find_leaks, redact
from personalvibe.replay.toolbox.audit import findings_of
from personalvibe.replay.toolbox.files import Recording
from personalvibe.replay.toolbox.findings import Finding, Rule

_REDACTED = frozenset((Rule.SECRET, Rule.COOKIE, Rule.ACCOUNT, Rule.UNSAFE_YAML))
_LOCK_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrubbed:
    """What becomes of a cassette."""

    path: Path
    content: bytes
    """Of the file, without what was found."""
    redacted: tuple[Finding, ...]
    left: tuple[Finding, ...]
    """What could not be taken out; not the host that names an account, which has to stay."""
    entries: tuple[str, ...]
    """For ``redact`` in ``vcr_config``: what the recorder does not know to be secret."""


def scrub(recording: Recording, rules: RedactionRules) -> Scrubbed | None:
    """The cassette without secrets, None if it has none. `recording` is read as it is stored.

    Raises `CassetteError` for one that cannot be written in its own form.
    """
    found = _to_redact(recording, rules)
    if not found:
        return None
    entries = sorted({one for each in recording.interactions for one in _entries(each, rules)})
    wider = rules.hiding(entries)
    after = [
        _redacted(one, {find.place for find in found if find.interaction == number}, wider)
        for number, one in enumerate(recording.interactions, 1)
    ]
    content = _content(recording, after, wider)
    interactions = tuple(cassette.parse(content, recording.path, as_stored=True))
    rest = _to_redact(replace(recording, content=content, interactions=interactions), rules)
    places = {_place(one) for one in rest}
    redacted = tuple(one for one in found if _place(one) not in places)
    left = tuple(one for one in rest if one.rule is not Rule.ACCOUNT)
    if not redacted and not left:
        return None
    return Scrubbed(
        path=recording.path,
        content=content,
        redacted=redacted,
        left=left,
        entries=tuple(entries),
    )


def _place(one: Finding) -> tuple[object, ...]:
    """What of a finding stays when the file is written anew."""
    return (one.rule, one.interaction, one.place, one.message)


def _to_redact(recording: Recording, rules: RedactionRules) -> list[Finding]:
    return [one for one in findings_of(recording, rules) if one.rule in _REDACTED]


def _entries(one: Interaction, rules: RedactionRules) -> Iterable[str]:
    """What is secret by a name that the rules do not have, in the spelling of ``redact``."""
    leaks = find_leaks(redact(one, rules), rules)
    return [leak.setting for leak in leaks if leak.setting]


def _redacted(one: Interaction, places: Collection[str], rules: RedactionRules) -> Interaction:
    """The interaction, redacted at these places."""
    clean = redact(one, rules)
    url = clean.request.url if _within("request.url", places) else one.request.url
    request = replace(_message("request", one.request, clean.request, places), url=url)
    return replace(
        one, request=request, response=_message("response", one.response, clean.response, places)
    )


def _within(prefix: str, places: Iterable[str]) -> bool:
    return any(one == prefix or one.startswith((f"{prefix}.", f"{prefix}[")) for one in places)


Message = TypeVar("Message", Request, Response)


def _message(side: str, stored: Message, clean: Message, places: Collection[str]) -> Message:
    headers = _headers(side, stored.headers, clean.headers, places)
    if not _within(f"{side}.body", places):
        return replace(stored, headers=headers)
    kept = bodies.without(headers, ("content-encoding", "content-length"))
    sizes = [name for name, _ in headers if name.lower() == "content-length"]
    sized = tuple((name, str(len(clean.body))) for name in sizes)
    return replace(stored, headers=kept + sized, body=clean.body)


def _headers(side: str, stored: Headers, clean: Headers, places: Collection[str]) -> Headers:
    """The stored headers; of those at the places what redaction leaves, in the same order."""
    left: dict[str, list[str]] = {}
    for name, value in clean:
        left.setdefault(name.lower(), []).append(value)
    kept = []
    for name, value in stored:
        if f"{side}.headers.{name.lower()}" not in places:
            kept.append((name, value))
        elif values := left.get(name.lower()):
            kept.append((name, values.pop(0)))
    return tuple(kept)


def _content(recording: Recording, after: Sequence[Interaction], rules: RedactionRules) -> bytes:
    document = cassette.document_of(recording.content, recording.path).value
    if document.get("version") == native.VERSION:
        content = cassette.dump([redact(one, rules) for one in after])
        return content if recording.content[:1] == content[:1] else gzip.compress(content, mtime=0)
    changed = edited(document, recording.interactions, after)
    content = written_like(recording.content, changed, recording.path)
    if cassette.parse(content, recording.path, as_stored=True) != list(after):
        raise CassetteError(
            "it cannot be written in its own form",
            path=recording.path,
            hint="Convert it with pv cassettes convert, or record it again.",
        )
    return content


def write(change: Scrubbed, before: bytes) -> None:
    """Replace the file, if it still is what was read. Raises `CassetteError` and `OSError`."""
    path = change.path.resolve()
    with disk.locked(path, seconds=_LOCK_SECONDS):
        if path.read_bytes() != before:
            raise CassetteError(
                "it was changed in the meantime", path=change.path, hint="Run the command again."
            )
        disk.replace_file(path, change.content)
