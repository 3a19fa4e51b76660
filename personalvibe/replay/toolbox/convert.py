"""Cassettes in the format of another tool, serving the same bytes.

One interaction at a time goes through all steps, because one may be as large as the file.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

from personalvibe.replay.cassette import bodies, disk, foreign, native
from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.cassette.native import ParseJson
from personalvibe.replay.model import (
    CassetteError,
    Interaction,
    Leak,
    Provenance,
    RedactedInteraction,
)
from personalvibe.replay.redaction.redact import RedactionRules, find_leaks, redact
from personalvibe.replay.toolbox.files import SUFFIXES
from personalvibe.replay.toolbox.findings import Rule
from personalvibe.replay.toolbox.secrets import sightings

_HINT = "Name it with --redact if it is secret, with --redact-keep if it is not."
_LOCK_SECONDS = 60


class Format(StrEnum):
    VCRPY = "vcrpy"
    NATIVE = "native"


def convert(source: Path, to: Format, rules: RedactionRules, folder: Path) -> Path | None:
    """Write a cassette in another format; None if it is in that already.

    Args:
        folder: where it is to lie.

    Raises:
        CassetteError: it cannot be read, holds a secret that the rules do not know, or cannot be
            written; or another cassette lies there. Nothing is changed then.
        OSError: nor if it cannot be stored.
    """
    disk.require_file(source)
    if not source.exists():
        raise CassetteError("there is no such file", path=source)
    target = folder / f"{_stem(source)}.yaml"
    if target == source and (to is Format.NATIVE) is _is_native(source):
        return None
    _convert(source, target, to, rules)
    return target


def _convert(source: Path, target: Path, to: Format, rules: RedactionRules) -> None:
    path = target.resolve()
    with contextlib.ExitStack() as reading:
        file = reading.enter_context(disk.opened(source))
        interactions = _interactions(file, source)
        with disk.locked(path, seconds=_LOCK_SECONDS):
            if path.exists() and path != source.resolve():
                hint = "Move it away, or choose another folder with --output."
                raise CassetteError("it is there already", path=target, hint=hint)
            with disk.replacing(path) as written:
                try:
                    _write(written, _Exchanges(interactions, source, rules), to)
                except cassette.NotGradualError:
                    _write(written, _Exchanges(_whole(file, source), source, rules), to)
                reading.close()  # Windows replaces no file that is open


def _interactions(file: BinaryIO, source: Path) -> Iterator[Interaction]:
    """Raises `CassetteError` at once for what is no cassette; may raise `NotGradualError` late."""
    try:
        interactions = iter(cassette.one_by_one(file, source))
        first = next(interactions, None)
    except cassette.NotGradualError:
        return _whole(file, source)
    return itertools.chain(_handed_over([first] if first else []), interactions)


def _whole(file: BinaryIO, source: Path) -> Iterator[Interaction]:
    file.seek(0)
    return _handed_over(cassette.parse(file.read(cassette.MAX_BYTES + 1), source)[::-1])


def _handed_over(interactions: list[Interaction]) -> Iterator[Interaction]:
    """From the last to the first, each of which is the taker's alone."""
    while interactions:
        yield interactions.pop()


def _write(written: BinaryIO, exchanges: _Exchanges, to: Format) -> None:
    written.seek(0)
    written.truncate()
    pieces = (
        foreign.to_vcrpy(exchanges)
        if to is Format.VCRPY
        else cassette.pieces(exchanges, exchanges.fields)
    )
    for piece in pieces:
        for start in range(0, len(piece), _PIECE):
            written.write(piece[start : start + _PIECE].encode())
    written.flush()
    # What was written serves the same, or it is not kept.
    if _digests(written, exchanges.source) != exchanges.digests:
        raise CassetteError(f"the format {to} cannot hold what it serves", path=exchanges.source)


def _digests(written: BinaryIO, source: Path) -> list[bytes]:
    written.seek(0)
    try:
        return [_digest(one) for one in cassette.one_by_one(written, source)]
    except cassette.NotGradualError:  # it holds nothing
        return [_digest(one) for one in _whole(written, source)]


_PIECE = 65_536


class _Exchanges:
    """The interactions without secrets, each made when it is asked for. To be gone through once."""

    def __init__(
        self, interactions: Iterator[Interaction], source: Path, rules: RedactionRules
    ) -> None:
        self.interactions, self.source, self.rules = interactions, source, rules
        self.digests: list[bytes] = []
        """Of those that were asked for."""
        self.parse: ParseJson = bodies.parse_json_sparing
        """For the bodies of the last one."""

    def __iter__(self) -> Iterator[RedactedInteraction]:
        for one in self.interactions:  # `enumerate` would hold it
            clean = self.hidden(one)
            del one
            self.digests.append(_digest(clean))
            yield clean
            del clean
            self.parse = bodies.parse_json_sparing

    def hidden(self, one: Interaction) -> RedactedInteraction:
        """An interaction without secrets, but with the headers that the recorder leaves out though
        they give nothing away: a program may read them.
        """
        kept = _keeping(one, self.rules)
        clean, leaks = self.redacted(one, kept)
        # The scan before a write is stricter: it takes no notice of what stands for a secret.
        places = {f"header:{leak.place.partition('.headers.')[2]}" for leak in leaks}
        if leaking := places & kept.keep:
            clean, leaks = self.redacted(one, replace(kept, keep=kept.keep - leaking))
        for leak in leaks:
            number = len(self.digests) + 1
            message = f"interaction {number} has what looks like {leak.shape} at {leak.place}"
            raise CassetteError(message, path=self.source, hint=_HINT)
        return clean

    def redacted(
        self, one: Interaction, rules: RedactionRules
    ) -> tuple[RedactedInteraction, list[Leak]]:
        clean = redact(one, rules)
        self.parse = _once(clean.request.body, clean.response.body)
        return clean, find_leaks(clean, rules, self.parse)

    def fields(self, one: RedactedInteraction, common: Provenance | None) -> dict[str, Any]:
        """Of the last one that was asked for, what a cassette of our own says."""
        return native.interaction_fields(one, common, exact=True, parse=self.parse)


def _is_native(path: Path) -> bool:
    raw = disk.read(path, cassette.MAX_BYTES + 1)
    return cassette.says_native(raw)


def _stem(path: Path) -> str:
    lower = path.name.lower()
    longest = max((one for one in SUFFIXES if lower.endswith(one)), key=len, default="")
    return path.name[: len(path.name) - len(longest)]


def _once(*known: bytes) -> ParseJson:
    """Parses each of these bodies once. The results are not to be changed."""
    documents: dict[int, Any] = {}

    def parse(body: bytes) -> Any:
        if not any(body is one for one in known):
            return bodies.parse_json_sparing(body)
        if id(body) not in documents:
            documents[id(body)] = bodies.parse_json_sparing(body)
        return documents[id(body)]

    return parse


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
    return rules.keeping_headers(headers - secret)


_GIVING_AWAY = frozenset((Rule.SECRET, Rule.COOKIE, Rule.ACCOUNT))


def _digest(one: Interaction | RedactedInteraction) -> bytes:
    """Of what a program sends and gets."""
    request, response = one.request, one.response
    headers = bodies.without(response.headers, ("content-length", "transfer-encoding"))
    named = sorted((name.lower(), value) for name, value in headers)
    fields = (request.method, request.url, response.status, named, len(request.body))
    digest = hashlib.sha256(repr(fields).encode())
    digest.update(request.body)
    digest.update(response.body)
    return digest.digest()
