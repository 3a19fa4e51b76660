"""Sessions behind vcrpy's patches of the HTTP clients. The only module that imports vcr.

vcrpy intercepts the requests (httpx, httpx2, aiohttp, requests, urllib3, http.client, botocore,
httplib2, tornado) and asks its cassette; `ReplayCassette` is that cassette and asks a `Session`.
"""

from __future__ import annotations

import collections
import contextlib
import copy
import importlib.metadata
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import vcr
from vcr import matchers as vcr_matchers
from vcr.cassette import Cassette
from vcr.request import Request as VcrRequest
from vcr.serialize import deserialize, serialize
from vcr.util import read_body

from personalvibe.replay import bodies, cassette
from personalvibe.replay.canonical import DEFAULT_MATCH_ON, MATCHERS
from personalvibe.replay.model import (
    CassetteError,
    Headers,
    Interaction,
    Provenance,
    RecordMode,
    RedactedInteraction,
    Request,
    Response,
    Source,
)
from personalvibe.replay.session import Session

_STOCK = vcr.VCR()
_FRAMING = frozenset(("content-length", "content-encoding", "transfer-encoding"))


def to_request(request: VcrRequest) -> Request:
    """Our request for vcrpy's."""
    return Request(
        method=request.method,
        url=request.uri,
        headers=_headers(request.headers),
        body=_bytes(read_body(request)),
    )


def _headers(headers: Mapping[str, Any]) -> Headers:
    found = []
    for name, content in headers.items():
        for value in content if isinstance(content, (list, tuple)) else (content,):
            text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
            found.append((str(name), text))
    return tuple(found)


def _bytes(body: object) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    raise TypeError(f"cannot record a request body of type {type(body).__name__}")


def to_response(response: Mapping[str, Any]) -> Response:
    """Our response for vcrpy's dictionary."""
    headers = _headers(response["headers"])
    headers, body = bodies.decompress(headers, _bytes(response["body"].get("string")))
    status = response["status"]
    return Response(
        status=status["code"], reason=status.get("message") or "", headers=headers, body=body
    )


def from_request(request: Request) -> VcrRequest:
    """vcrpy's request for ours."""
    headers = {name: value for name, value in request.headers}
    return VcrRequest(request.method, request.url, request.body or None, headers)


def from_response(response: Response) -> dict[str, Any]:
    """vcrpy's dictionary for our response, framed for a body that is whole and decoded."""
    headers: dict[str, list[str]] = {}
    for name, value in response.headers:
        if name.lower() not in _FRAMING:
            headers.setdefault(name, []).append(value)
    if len(bodies.chunks(response.headers, response.body)) <= 1:
        headers["content-length"] = [str(len(response.body))]
    return {
        "status": {"code": response.status, "message": response.reason},
        "headers": headers,
        "body": {"string": response.body},
    }


class ReplayCassette(Cassette):  # type: ignore[misc]
    """What the ``vcr`` fixture gives, with the names of vcrpy's cassette."""

    def __init__(self, session: Session, config: Mapping[str, Any], *, filtered: bool) -> None:
        super().__init__(**config)
        self.session = session
        self.route: Callable[[str], str] | None = None
        """Where requests are sent instead while recording (`--stand-in`)."""
        self.matchers: list[Any] = []
        """Registered by the suite; they narrow down what the index finds."""
        self._filtered = filtered

    def can_play_response_for(self, request: VcrRequest) -> bool:
        """Whether `play_response` has an answer, which is reserved for this very request."""
        if "_replay_answer" in vars(request):
            return True
        own = self._own(request)
        if own is None:
            return False
        interaction = self.session.play(own, self._accepts(own))
        if interaction is not None:
            request._replay_answer = interaction
        elif "_replay_ticket" not in vars(request):
            request._replay_ticket = self.session.ticket()
        return interaction is not None

    def play_response(self, request: VcrRequest) -> dict[str, Any]:
        if not self.can_play_response_for(request):
            return super().play_response(request)  # type: ignore[no-any-return]
        interaction: Interaction = vars(request).pop("_replay_answer")
        return from_response(interaction.response)

    def append(self, request: VcrRequest, response: dict[str, Any]) -> None:
        own = self._own(request)
        kept = self._before_record_response(copy.deepcopy(response)) if own else None
        if own is None or kept is None:
            return
        ticket = vars(request).get("_replay_ticket")
        if ticket is None:
            ticket = self.session.ticket()
        self.session.record(ticket, own, to_response(kept))

    def _own(self, request: VcrRequest) -> Request | None:
        """The request after the suite's filters; None if they ignore it."""
        if self._filtered:
            request = self._before_record_request(request)
        return to_request(request) if request else None

    def _accepts(self, own: Request) -> Callable[[Interaction], bool] | None:
        if not self.matchers:
            return None
        asked = from_request(own)

        def accepts(stored: Interaction) -> bool:
            compared = from_request(stored.request)
            return not vcr.matchers.get_matchers_results(asked, compared, self.matchers)[1]

        return accepts

    def adapt(self, interaction: Interaction) -> Interaction | None:
        """A loaded interaction after the suite's filters and hooks; None if they drop it."""
        if not self._filtered:
            return interaction
        pair = from_request(interaction.request), from_response(interaction.response)
        pair = vcr.cassette._run_hooks(self._after_load_interaction, *pair, self)
        request = self._before_record_request(pair[0]) if pair else None
        response = self._before_record_response(pair[1]) if request else None
        if response is None:
            return None
        return replace(
            interaction, request=to_request(request), response=to_response(response)
        )

    def before_save(self, interaction: Interaction) -> Interaction | None:
        """An interaction to be written after the suite's hooks; None if they drop it."""
        if not self._before_save_interaction:
            return interaction
        pair = from_request(interaction.request), from_response(interaction.response)
        hooked = vcr.cassette._run_hooks(self._before_save_interaction, *pair, self)
        if hooked is None:
            return None
        return replace(
            interaction, request=to_request(hooked[0]), response=to_response(hooked[1])
        )

    @property
    def write_protected(self) -> bool:
        return not self.session.records

    @property
    def rewound(self) -> bool:
        return self.session.existed

    @rewound.setter
    def rewound(self, value: bool) -> None:
        """Set by vcrpy's constructor; the session knows."""

    @property
    def allow_playback_repeats(self) -> bool:
        return self.session.index.allow_playback_repeats

    @allow_playback_repeats.setter
    def allow_playback_repeats(self, value: bool) -> None:
        # vcrpy's constructor sets it, before there is a session.
        if "session" in vars(self):
            self.session.index.allow_playback_repeats = value

    @property
    def data(self) -> list[tuple[VcrRequest, dict[str, Any]]]:
        known = [recording.interaction for recording in self.session.index]
        return [
            (from_request(one.request), from_response(one.response))
            for one in (*known, *self.session.recorded)
        ]

    @data.setter
    def data(self, value: object) -> None:
        """Set by vcrpy's constructor; the session knows."""

    @property
    def play_counts(self) -> collections.Counter[int]:
        counts = {n: one.times_played for n, one in enumerate(self.session.index)}
        return collections.Counter({n: count for n, count in counts.items() if count})

    @play_counts.setter
    def play_counts(self, value: object) -> None:
        """Set by vcrpy's constructor; the session knows."""

    @property
    def dirty(self) -> bool:
        return bool(self.session.recorded)

    @dirty.setter
    def dirty(self, value: object) -> None:
        """Set by vcrpy's constructor; the session knows."""

    def __len__(self) -> int:
        return len(self.session.index) + len(self.session.recorded)

    def __contains__(self, request: VcrRequest) -> bool:
        own = self._own(request)
        if own is None:
            return False
        key = self.session.canonical(self.session.prepared(own)).key
        repeats = self.allow_playback_repeats
        return any(
            repeats or not one.times_played for one in self.session.index.with_key(key)
        )

    def rewind(self) -> None:
        self.session.index.rewind()

    def find_requests_with_most_matches(self, request: VcrRequest) -> list[Any]:
        """Empty: the session looks up by key and explains its own misses."""
        return []

    def _save(self, force: bool = False) -> None:
        """Nothing: the session commits."""


class VcrpyFormat:
    """vcrpy's own cassettes, through one of its serializers: ``format="vcrpy"``."""

    def __init__(self, serializer: Any) -> None:
        self._serializer = serializer

    def load(self, path: Path) -> list[Interaction]:
        try:
            requests, responses = deserialize(path.read_text("utf-8"), self._serializer)[:2]
        except FileNotFoundError:
            raise
        except Exception as error:
            raise CassetteError(
                f"the serializer cannot read it: {error}",
                path=path,
                hint="Restore it from version control, or record it again.",
            ) from error
        return [
            Interaction(request=to_request(request), response=to_response(response))
            for request, response in zip(requests, responses, strict=True)
        ]

    def dump(self, interactions: Sequence[RedactedInteraction]) -> bytes:
        pairs = {
            "requests": [from_request(one.request) for one in interactions],
            "responses": [from_response(one.response) for one in interactions],
        }
        text = serialize(pairs, self._serializer)
        return text.encode() if isinstance(text, str) else bytes(text)
