"""Plays a cassette through the plugin's public door, one recorded request after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import urllib3

from personalvibe.replay import CassetteMiss, use_cassette
from personalvibe.replay.model import Interaction, Request

# The clients make these themselves.
_OF_CLIENT = frozenset(("content-length", "transfer-encoding", "connection", "host"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    body: bytes


def play(path: Path, recorded: Sequence[Interaction], served: Sequence[Interaction]) -> list[str]:
    """What is wrong with the answers to the requests of `recorded`; a miss does not end it.

    Args:
        path: the cassette.
        recorded: what is asked; another cassette's, if that was converted.
        served: what is to be answered.
    """
    wrong = []
    try:
        with use_cassette(path), httpx.Client() as client, urllib3.PoolManager() as pool:
            for number, (one, answered) in enumerate(zip(recorded, served, strict=True), 1):
                try:
                    answer = ask(client, pool, one.request)
                except CassetteMiss as miss:
                    wrong.append(f"interaction {number}: {str(miss).splitlines()[0]}")
                    continue
                expected = Answer(status=answered.response.status, body=answered.response.body)
                if answer != expected:
                    wrong.append(f"interaction {number}: {difference(answer, expected)}")
    except CassetteMiss:
        pass  # the end of the block says again what was missed
    return wrong


def ask(client: httpx.Client, pool: urllib3.PoolManager, request: Request) -> Answer:
    headers = [(name, value) for name, value in request.headers if name.lower() not in _OF_CLIENT]
    if str(httpx.URL(request.url)) == request.url:
        answer = client.request(
            request.method, request.url, headers=headers, content=request.body or None
        )
        return Answer(status=answer.status_code, body=answer.content)
    # httpx spells this address in its own way.
    other = pool.request(
        request.method,
        request.url,
        headers=urllib3.HTTPHeaderDict(headers),
        body=request.body or None,
        redirect=False,
        retries=False,
    )
    return Answer(status=other.status, body=other.data)


def difference(answer: Answer, expected: Answer) -> str:
    if answer.status != expected.status:
        return f"status {answer.status} instead of {expected.status}"
    return f"another body: {answer.body[:60]!r} instead of {expected.body[:60]!r}"
