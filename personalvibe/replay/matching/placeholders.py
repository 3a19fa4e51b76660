"""Stable placeholders for what differs between two recordings of one exchange. Pure.

Ids, times and counters of a response become placeholders that are derived from the request and
the place in the response; where a later request of the cassette sends an id back, it gets the same
placeholder. So do ids that the client made up (LiteLLM does, for providers without tool-call ids),
where matching ignores them. So re-recording an unchanged exchange changes no byte.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from personalvibe.replay.cassette import bodies
from personalvibe.replay.matching.canonical import is_random_id, normalise
from personalvibe.replay.model import Headers, Interaction, JsonValue, Request, Response

EPOCH = 1_735_689_600
"""The instant that stands for all others: 2025-01-01 00:00:00 UTC."""
_INSTANT = "2025-01-01T00:00:00Z"
_HTTP_DATE = "Wed, 01 Jan 2025 00:00:00 GMT"

_ID_KEYS = re.compile(
    r"id|.*_id|.*[a-z]Id|system_fingerprint|generation_id|(?:.*_)?trace|name_hash"
)
_TIME_KEYS = re.compile(
    r"created|(?:created|completed|started|finished|expires|updated|modified|cancelled|failed|"
    r"in_progress|finalizing|expired)_at|createTime|updateTime|expireTime"
)
_DURATION_KEYS = re.compile(r"(?:total|load|eval|prompt_eval)_duration")
_PLACEHOLDER = re.compile(r".*replay-[0-9a-f]{10}|00000000-0000-4000-8000-[0-9a-f]{12}")
_UUID = re.compile(r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_RANDOM = re.compile(
    r"(?P<prefix>(?:[A-Za-z]{2,12}[-_])*)(?=[A-Za-z_-]*[0-9])(?=[0-9_-]*[A-Za-z])"
    r"(?P<random>[A-Za-z0-9]{8,}(?:[-_][A-Za-z0-9_-]+)?)"
)
_TIME_TEXT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
_STAMP_RANGE = range(1_000_000_000, 10_000_000_000)

_DROPPED_HEADERS = frozenset(
    (
        "content-length",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "age",
        "alt-svc",
        "x-envoy-upstream-service-time",
        "openai-processing-ms",
        "x-openai-proxy-wasm",
    )
)
_DATE_HEADERS = frozenset(("date", "expires", "last-modified"))


def stabilise(
    interactions: Iterable[Interaction], key_of: Callable[[Request], str]
) -> list[Interaction]:
    """The interactions of one cassette, normalised, with placeholders. Idempotent.

    `key_of` gives the key of a request, redacted: a placeholder must not depend on a secret.
    """
    ids: dict[str, str] = {}
    made_up: dict[str, str] = {}
    seen: Counter[str] = Counter()
    stable = []
    for interaction in interactions:
        request = _substituted(normalise(interaction.request), ids | made_up)
        key = key_of(request)
        seen[key] += 1
        place = f"{key}#{seen[key]}"
        made_up |= _made_up(request, place)
        request = _substituted(request, made_up)
        response = _stable_response(interaction.response, place, ids)
        # A server may quote what it was sent.
        response = replace(response, body=_replaced(response.body, made_up))
        stable.append(replace(interaction, request=request, response=response))
    return stable


def _stable_response(response: Response, place: str, ids: dict[str, str]) -> Response:
    headers, body = bodies.decompress(response.headers, response.body)
    headers = tuple(
        (name, _HTTP_DATE if name.lower() in _DATE_HEADERS else value)
        for name, value in headers
        if name.lower() not in _DROPPED_HEADERS
    )
    return replace(response, headers=headers, body=_stable_body(headers, body, place, ids))


def _stable_body(headers: Headers, body: bytes, place: str, ids: dict[str, str]) -> bytes:
    pieces = bodies.chunks(headers, body)
    if len(pieces) > 1 or bodies.media_type(headers) == "text/event-stream":
        return b"".join(_stable_event(piece, place, ids) for piece in pieces)
    if bodies.is_json(headers, body):
        return _stable_json(body, place, ids)
    return body


_DATA = re.compile(rb"(?m)^((?:data:[ ]?)?)(\{.*\})(\r?)$")


def _stable_event(event: bytes, place: str, ids: dict[str, str]) -> bytes:
    """An event or a line, changed in its JSON only and only if that changes."""
    return _DATA.sub(lambda found: found[1] + _stable_json(found[2], place, ids) + found[3], event)


def _stable_json(body: bytes, place: str, ids: dict[str, str]) -> bytes:
    try:
        value = bodies.parse_json(body)
    except bodies.NotJsonError:
        return body
    stable = _Stabiliser(place, ids).change(value, "", "")
    return body if stable == value else bodies.write_json(stable)


class _Stabiliser:
    def __init__(self, place: str, ids: dict[str, str]) -> None:
        self.place = place
        self.ids = ids

    def change(self, value: JsonValue, key: str, path: str) -> JsonValue:
        if isinstance(value, dict):
            return {
                name: self.change(child, name, f"{path}.{name}") for name, child in value.items()
            }
        if isinstance(value, list):
            return [self.change(child, key, f"{path}[{n}]") for n, child in enumerate(value)]
        if isinstance(value, str):
            return self.text(value, key, path)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if _TIME_KEYS.fullmatch(key) and int(value) in _STAMP_RANGE:
                return EPOCH
            if _DURATION_KEYS.fullmatch(key):
                return 1_000_000
        return value

    def text(self, value: str, key: str, path: str) -> str:
        if value in self.ids:
            return self.ids[value]
        if key == "obfuscation":
            return ""
        if _TIME_KEYS.fullmatch(key) and _TIME_TEXT.fullmatch(value):
            return _INSTANT
        if _ID_KEYS.fullmatch(key):
            placeholder = self.placeholder(value, path)
            if placeholder is not None:
                self.ids[value] = placeholder
                return placeholder
        return value

    def placeholder(self, value: str, path: str) -> str | None:
        if _PLACEHOLDER.fullmatch(value) or len(value) > 256:
            return None
        digest = hashlib.blake2b(f"{self.place}{path}".encode(), digest_size=6).hexdigest()
        if _UUID.fullmatch(value):
            return f"00000000-0000-4000-8000-{digest}"
        found = _RANDOM.fullmatch(value)
        return f"{found['prefix']}replay-{digest[:10]}" if found else None


def _made_up(request: Request, place: str) -> dict[str, str]:
    """The ids of a request that no response gave, and their placeholders."""
    if not bodies.is_json(request.headers, request.body):
        return {}
    try:
        value = bodies.parse_json(request.body)
    except bodies.NotJsonError:
        return {}
    found: dict[str, str] = {}
    stabiliser = _Stabiliser(f"{place} request", {})
    stack = [(value, "", "")]
    while stack:
        item, key, path = stack.pop()
        if isinstance(item, dict):
            stack += ((child, name, f"{path}.{name}") for name, child in item.items())
        elif isinstance(item, list):
            stack += ((child, key, f"{path}[{n}]") for n, child in enumerate(item))
        elif isinstance(item, str) and _ID_KEYS.fullmatch(key) and is_random_id(item):
            # Matching knows a UUID in any place, and other ids only where they stand alone.
            own = _UUID.search(item)
            placeholder = stabiliser.placeholder(own[0] if own else item, path)
            if placeholder is not None:
                found.setdefault(item, item.replace(own[0], placeholder) if own else placeholder)
    return found


def _substituted(request: Request, ids: dict[str, str]) -> Request:
    """The request with the ids of earlier responses, or its own, replaced."""
    if not ids:
        return request
    url = _replaced(request.url.encode(), ids).decode()
    return replace(request, url=url, body=_replaced(request.body, ids))


def _replaced(content: bytes, ids: dict[str, str]) -> bytes:
    if not ids:
        return content
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return content
    known = sorted(ids, key=len, reverse=True)
    pattern = re.compile("|".join(re.escape(value) for value in known))
    return pattern.sub(lambda found: ids[found[0]], text).encode()
