"""What the stand-in receives and what it answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from personalvibe.replay.standin.store import Store

JSON = Any
"""A decoded JSON value."""


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request as it arrived.

    ``url`` is the provider's address, without the loopback server that took its place;
    ``target`` is that address's path. Header names are lower case.
    """

    method: str
    url: str
    host: str
    target: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    store: Store = field(default_factory=Store, repr=False, compare=False)
    """What the server keeps between requests."""

    @cached_property
    def json(self) -> JSON:
        """The decoded body. Raises `ApiError` (400) when it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise ApiError(
                400,
                "We could not parse the JSON body of your request. (HINT: This likely means you "
                "aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, "
                "but what was sent was not valid JSON.)",
            ) from None

    @property
    def params(self) -> dict[str, JSON]:
        """The JSON body as an object. Raises `ApiError` (400) when it is anything else."""
        value = self.json
        if not isinstance(value, dict):
            raise ApiError(400, "Invalid body: expected an object.")
        return value


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer: a whole ``body``, or ``chunks`` that are sent one by one."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    chunks: tuple[bytes, ...] | None = None

    def with_headers(self, extra: Mapping[str, str]) -> Reply:
        return Reply(
            status=self.status,
            headers={**extra, **self.headers},
            body=self.body,
            chunks=self.chunks,
        )


class ApiError(Exception):
    """A refusal, rendered in the dialect of the provider that was asked."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.headers = dict(headers or {})


def json_reply(
    value: JSON, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Reply:
    return Reply(
        status=status,
        headers={"content-type": "application/json", **(headers or {})},
        body=dump(value),
    )


def sse_reply(events: tuple[bytes, ...]) -> Reply:
    return Reply(headers={"content-type": "text/event-stream; charset=utf-8"}, chunks=events)


def sse(value: JSON, *, event: str | None = None) -> bytes:
    """One server-sent event, with an ``event:`` line when the provider writes one."""
    head = f"event: {event}\n".encode() if event else b""
    return head + b"data: " + dump(value) + b"\n\n"


def dump(value: JSON) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
