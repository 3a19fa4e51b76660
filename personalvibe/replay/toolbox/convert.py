"""Cassettes in the format of another tool, serving the same bytes. Pure but for `write`."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from personalvibe.replay.cassette import bodies, disk
from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.cassette.foreign import to_vcrpy
from personalvibe.replay.model import (
    CassetteError,
    Interaction,
    RedactedInteraction,
)
from personalvibe.replay.redaction.redact import RedactionRules, find_leaks, redact
from personalvibe.replay.toolbox.files import SUFFIXES, Recording
from personalvibe.replay.toolbox.findings import Rule
from personalvibe.replay.toolbox.secrets import sightings

_HINT = "Name it with --redact if it is secret, with --redact-keep if it is not."
_LOCK_SECONDS = 60


class Format(StrEnum):
    VCRPY = "vcrpy"
    NATIVE = "native"


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    source: Path
    target: Path
    content: bytes


def convert(
    recording: Recording, to: Format, rules: RedactionRules, folder: Path
) -> Converted | None:
    """A cassette in another format, None if it is in that already.

    Args:
        folder: where it is to lie.

    Raises:
        CassetteError: it holds a secret that the rules do not know, or cannot be written.
    """
    source = recording.path
    target = folder / f"{_stem(source)}.yaml"
    if target == source and (to is Format.NATIVE) is _is_native(recording):
        return None
    exchanges = [
        _hidden(one, number, source, rules) for number, one in enumerate(recording.interactions, 1)
    ]
    content = to_vcrpy(exchanges) if to is Format.VCRPY else cassette.dump(exchanges, exact=True)
    pairs = itertools.zip_longest(exchanges, cassette.stream(content, target))
    if not all(one and other and _essence(one) == _essence(other) for one, other in pairs):
        raise CassetteError(f"the format {to} cannot hold what it serves", path=source)
    return Converted(source=source, target=target, content=content)


def _is_native(recording: Recording) -> bool:
    document = cassette.document_of(recording.content, recording.path).value
    return isinstance(document, dict) and document.get("version") == cassette.VERSION


def _stem(path: Path) -> str:
    lower = path.name.lower()
    longest = max((one for one in SUFFIXES if lower.endswith(one)), key=len, default="")
    return path.name[: len(path.name) - len(longest)]


def _hidden(
    one: Interaction, number: int, source: Path, rules: RedactionRules
) -> RedactedInteraction:
    """An interaction without secrets, but with the headers that the recorder leaves out though they
    give nothing away: a program may read them.
    """
    kept = _keeping(one, rules)
    clean = redact(one, kept)
    leaks = find_leaks(clean, kept)
    # The scan before a write is stricter: it takes no notice of what stands for a secret.
    if leaking := {f"header:{leak.place.partition('.headers.')[2]}" for leak in leaks} & kept.keep:
        kept = replace(kept, keep=kept.keep - leaking)
        clean = redact(one, kept)
        leaks = find_leaks(clean, kept)
    for leak in leaks:
        message = f"interaction {number} has what looks like {leak.shape} at {leak.place}"
        raise CassetteError(message, path=source, hint=_HINT)
    return clean


def _keeping(one: Interaction, rules: RedactionRules) -> RedactionRules:
    bare = replace(
        one, request=replace(one.request, body=b""), response=replace(one.response, body=b"")
    )
    secret = {
        seen.place.partition(".headers.")[2]
        for seen in sightings(bare, rules)
        if seen.rule in _GIVING_AWAY
    }
    headers = {name.lower() for name, _ in (*one.request.headers, *one.response.headers)}
    return replace(rules, keep=rules.keep | {f"header:{name}" for name in headers - secret})


_GIVING_AWAY = frozenset((Rule.SECRET, Rule.COOKIE, Rule.ACCOUNT))

Essence = tuple[str, str, bytes, int, bytes, tuple[tuple[str, str], ...]]


def _essence(one: Interaction | RedactedInteraction) -> Essence:
    """What a program sends and gets."""
    request, response = one.request, one.response
    headers = bodies.without(response.headers, ("content-length", "transfer-encoding"))
    named = tuple(sorted((name.lower(), value) for name, value in headers))
    return (
        *(request.method, request.url, request.body),
        *(response.status, response.body, named),
    )


def write(result: Converted) -> None:
    """Raises `CassetteError` where another cassette lies, and `OSError`."""
    path = result.target.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    with disk.locked(path, seconds=_LOCK_SECONDS):
        if path.exists() and path != result.source.resolve():
            hint = "Move it away, or choose another folder with --output."
            raise CassetteError("it is there already", path=result.target, hint=hint)
        disk.replace_file(path, result.content)
