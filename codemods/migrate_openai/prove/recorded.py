"""Answers from the project's own cassettes, for requests that they know."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from codemods.migrate_openai.errors import UsageError
from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.matching.canonical import MatchRules, canonicalise
from personalvibe.replay.matching.index import Entries, Entry, Index
from personalvibe.replay.model import CanonicalRequest, CassetteError, Interaction, Request
from personalvibe.replay.redaction.redact import redact_request
from personalvibe.replay.redaction.rules import RedactionRules
from personalvibe.replay.standin import Received, Reply

First = Callable[[Received], Reply | None]

_OWN = {"content-length", "content-encoding", "transfer-encoding", "connection"}


def answers(folder: Path) -> Callable[[], First]:
    """What makes the answers of one run. Raises `UsageError` for a folder without cassettes."""
    interactions: list[Interaction] = []
    for path in sorted(path for pattern in ("*.yaml", "*.yml") for path in folder.rglob(pattern)):
        try:
            interactions += cassette.load(path)
        except CassetteError as error:
            raise UsageError(str(error), "Repair the cassette, or leave it out.") from error
    if not interactions:
        raise UsageError(f"{folder}: no cassettes there", "Name the folder with the recordings.")
    rules, redaction = MatchRules(), RedactionRules.from_config({}, os.environ)

    def canonical(request: Request) -> CanonicalRequest:
        return canonicalise(redact_request(request, redaction), rules)

    entries = Entries(
        Entry(position=position, interaction=one, canonical=canonical(one.request))
        for position, one in enumerate(interactions, 1)
    )

    def start() -> First:
        index = Index(allow_playback_repeats=True)
        index.add(folder, entries)
        return lambda received: _answer(index, canonical(_request(received)).key)

    return start


def _request(received: Received) -> Request:
    return Request(
        method=received.method,
        url=received.url,
        headers=tuple(received.headers.items()),
        body=received.body,
    )


def _answer(index: Index, key: str) -> Reply | None:
    found = index.take(key)
    if found is None:
        return None
    response = found.interaction.response
    headers = {name: value for name, value in response.headers if name.lower() not in _OWN}
    return Reply(status=response.status, headers=headers, body=response.body)
