"""Stable placeholders for what differs between two recordings of one exchange. Pure.

Ids, times and counters of a response become placeholders that are derived from the request and
the place in the response; where a later request of the cassette sends an id back, it gets the same
placeholder. So re-recording an unchanged exchange changes no byte.

Whose an id is decides whether it may be replaced. What a request carried before any response did
belongs to the program, which will send it again in replay and expects to find it in the answers: it
stays. The exception are ids of tool calls that an SDK makes up for providers that have none; they
are replaced in requests, where matching ignores them. An id that a later request carries changed,
cut or encoded, stays as well: see `derived`.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import unquote

from personalvibe.replay.cassette import bodies
from personalvibe.replay.matching.canonical import is_random_id, normalise
from personalvibe.replay.matching.derived import Traces
from personalvibe.replay.matching.random_ids import UUID, UUID_HEAD, random_id_prefix
from personalvibe.replay.model import Headers, Interaction, JsonValue, Request, Response

_FEW = 8
"""Longer lists of numbers are embeddings, not times."""
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
PLACEHOLDER = re.compile(r"(?:[\w-]+[-_])?replay-[0-9a-f]{10}|00000000-0000-4000-8000-[0-9a-f]{12}")
"""What stands for an id, with the prefix of the id."""
_TOOL_CALL = re.compile(
    r".*(?:tool_calls|toolCalls|content)\[\d+\]\.id|.*\.(?:tool_)?call_id|.*tool_use_id"
)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,}")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Stable:
    """The interactions of one cassette as they are to be stored."""

    interactions: list[Interaction]
    ids: Mapping[str, str]
    """An id that a response gave -> its placeholder. A replaying program sends the latter."""


class Carried:
    """The texts that the program's requests carried: what it knew before it was answered."""

    def __init__(self) -> None:
        self._tokens: set[str] = set()
        self._joined = ""

    def add(self, request: Request) -> None:
        headers, body = bodies.decompress(request.headers, request.body)
        texts = [unquote(request.url), body.decode("utf-8", "replace")]
        texts += [value for _, value in headers]
        new = {token for text in texts for token in _TOKEN.findall(text)} - self._tokens
        self._tokens |= new
        self._joined = "\n".join((self._joined, *new))

    def __contains__(self, value: object) -> bool:
        return value in self._tokens or (isinstance(value, str) and value in self._joined)


def stabilise(interactions: Iterable[Interaction], key_of: Callable[[Request], str]) -> Stable:
    """The interactions of one cassette, normalised, with placeholders. Idempotent.

    `key_of` gives the key of a request, redacted: a placeholder must not depend on a secret.
    """
    given = list(interactions)
    kept: set[str] = set()
    while True:
        stable, derived = _keeping(kept, given, key_of)
        if derived <= kept:
            return stable
        kept |= derived


def _keeping(
    kept: Collection[str], given: Iterable[Interaction], key_of: Callable[[Request], str]
) -> tuple[Stable, set[str]]:
    """Placeholders for all but what is in `kept`, and what else has to be in it."""
    ids: dict[str, str] = {}
    carried, traces = Carried(), Traces()
    derived: set[str] = set()
    seen: Counter[str] = Counter()
    stable = []
    for interaction in given:
        carried.add(interaction.request)
        request = sent_back(normalise(interaction.request), ids)
        derived |= traces.found_in(request)
        key = key_of(request)
        seen[key] += 1
        place = f"{key}#{seen[key]}"
        request = _without_made_up(request, place)
        stabiliser = _Stabiliser(place, ids, kept, carried, traces)
        response = _stable_response(interaction.response, stabiliser)
        stable.append(replace(interaction, request=request, response=response))
    return Stable(interactions=stable, ids=ids), derived


def _stable_response(response: Response, stabiliser: _Stabiliser) -> Response:
    headers, body = bodies.decompress(response.headers, response.body)
    body = _stable_body(headers, body, stabiliser)
    # Addresses and texts of an answer quote the ids that it gives.
    headers = tuple(
        (name, stabiliser.header(name.lower(), value))
        for name, value in headers
        if name.lower() not in _DROPPED_HEADERS
    )
    return replace(response, headers=headers, body=_replaced_in_body(body, stabiliser.ids))


def _stable_body(headers: Headers, body: bytes, stabiliser: _Stabiliser) -> bytes:
    pieces = bodies.chunks(headers, body)
    if len(pieces) > 1 or bodies.media_type(headers) == "text/event-stream":
        return b"".join(_stable_event(piece, stabiliser) for piece in pieces)
    if bodies.is_json(headers, body):
        return _stable_json(body, stabiliser)
    return body


_DATA = re.compile(rb"(?m)^((?:data:[ ]?)?)(\{.*\})(\r?)$")


def _stable_event(event: bytes, stabiliser: _Stabiliser) -> bytes:
    """An event or a line, changed in its JSON only and only if that changes."""
    return _DATA.sub(lambda found: found[1] + _stable_json(found[2], stabiliser) + found[3], event)


def _stable_json(body: bytes, stabiliser: _Stabiliser) -> bytes:
    try:
        value = bodies.parse_json(body)
    except bodies.NotJsonError:
        return body
    stable = stabiliser.change(value, "", "")
    return body if stable == value else bodies.write_json(stable)


Time = TypeVar("Time", int, float, str)


class _Stabiliser:
    """Placeholders for one response."""

    def __init__(
        self,
        place: str,
        ids: dict[str, str],
        kept: Collection[str],
        carried: Carried,
        traces: Traces,
    ) -> None:
        self.place = place
        self.ids = ids
        self.kept = kept
        self.carried = carried
        self.traces = traces

    def change(self, value: JsonValue, key: str, path: str) -> JsonValue:
        if isinstance(value, dict):
            is_model = value.get("object") == "model"
            return {
                name: child
                if is_model and name == "id"
                else self.change(child, name, f"{path}.{name}")
                for name, child in value.items()
            }
        if isinstance(value, list):
            if len(value) > _FEW and bodies.is_numbers(value):
                return value
            return [self.change(child, key, f"{path}[{n}]") for n, child in enumerate(value)]
        if isinstance(value, str):
            return self.text(value, key, path)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if _TIME_KEYS.fullmatch(key) and int(value) in _STAMP_RANGE:
                return self.time(value, EPOCH)
            if _DURATION_KEYS.fullmatch(key):
                return self.time(value, 1_000_000)
        return value

    def text(self, value: str, key: str, path: str) -> str:
        if value in self.ids:
            return self.ids[value]
        if key == "obfuscation":
            return ""
        if _TIME_KEYS.fullmatch(key) and _TIME_TEXT.fullmatch(value):
            return self.time(value, _INSTANT)
        if _ID_KEYS.fullmatch(key) and not PLACEHOLDER.fullmatch(value):
            head = random_id_prefix(value, known=_is_always_random(key, path))
            if head is not None and value not in self.kept and value not in self.carried:
                self.ids[value] = _placeholder(head, f"{self.place}{path}")
                self.traces.add(value, "" if head == UUID_HEAD else head)
                return self.ids[value]
        return value

    def header(self, name: str, value: str) -> str:
        if name in _DATE_HEADERS:
            return self.time(value, _HTTP_DATE)
        return _replaced(value, self.ids)

    def time(self, value: Time, placeholder: Time) -> Time:
        if str(value) in self.kept:
            return value
        self.traces.add_time(str(value))
        return placeholder


def _is_always_random(key: str, path: str) -> bool:
    return key in ("system_fingerprint", "generation_id", "trace") or bool(
        _TOOL_CALL.fullmatch(path)
    )


def _placeholder(head: str, place: str) -> str:
    """The placeholder of an id, by its place; a UUID's looks like one."""
    digest = hashlib.blake2b(place.encode(), digest_size=6).hexdigest()
    if head == UUID_HEAD:
        return f"00000000-0000-4000-8000-{digest}"
    return f"{head}replay-{digest[:10]}"


def _without_made_up(request: Request, place: str) -> Request:
    """The request without the ids that its SDK made up for tool calls."""
    if not bodies.is_json(request.headers, request.body):
        return request
    try:
        value = bodies.parse_json(request.body)
    except bodies.NotJsonError:
        return request
    made_up: dict[str, str] = {}
    stack: list[tuple[JsonValue, str]] = [(value, "")]
    while stack:
        item, path = stack.pop()
        if isinstance(item, dict):
            stack += ((child, f"{path}.{name}") for name, child in item.items())
        elif isinstance(item, list):
            stack += ((child, f"{path}[{n}]") for n, child in enumerate(item))
        elif isinstance(item, str) and item not in made_up and _is_made_up(item, path):
            # Matching knows a UUID in any place, and other ids only where they stand alone.
            own = UUID.search(item)
            head = UUID_HEAD if own else random_id_prefix(item, known=True) or ""
            new = _placeholder(head, f"{place} request{path}")
            made_up[item] = item.replace(own[0], new) if own else new
    if not made_up:
        return request
    changed = _with_leaves(value, made_up)
    return replace(request, body=bodies.write_json(changed))


def _is_made_up(text: str, path: str) -> bool:
    return bool(_TOOL_CALL.fullmatch(path)) and is_random_id(text) and not PLACEHOLDER.search(text)


def _with_leaves(value: JsonValue, leaves: Mapping[str, str]) -> JsonValue:
    if isinstance(value, str):
        return leaves.get(value, value)
    if isinstance(value, list):
        return [_with_leaves(item, leaves) for item in value]
    if isinstance(value, dict):
        return {key: _with_leaves(item, leaves) for key, item in value.items()}
    return value


def sent_back(request: Request, ids: Mapping[str, str]) -> Request:
    """The request with the placeholders of ids that earlier responses gave."""
    if not ids:
        return request
    return replace(
        request,
        url=_replaced(request.url, ids),
        headers=tuple((name, _replaced(value, ids)) for name, value in request.headers),
        body=_replaced_in_body(request.body, ids),
    )


def _replaced_in_body(content: bytes, ids: Mapping[str, str]) -> bytes:
    try:
        text = content.decode() if ids else ""
    except UnicodeDecodeError:
        return content
    return _replaced(text, ids).encode() if ids else content


def _replaced(text: str, ids: Mapping[str, str]) -> str:
    return _TOKEN.sub(lambda found: _replaced_token(found[0], ids), text) if ids else text


_SEPARATOR = re.compile(r"([-_])")


def _replaced_token(token: str, ids: Mapping[str, str]) -> str:
    """An id, or several words and ids that ``-`` and ``_`` join, with placeholders."""
    if token in ids:
        return ids[token]
    parts = _SEPARATOR.split(token)
    if len(parts) == 1 or len(parts) > _MAX_PARTS:
        return token
    # The longest run of parts that is an id, from each part on.
    done, start = [], 0
    while start < len(parts):
        ends = range(len(parts), start, -1)
        end = next((end for end in ends if "".join(parts[start:end]) in ids), None)
        done.append(parts[start] if end is None else ids["".join(parts[start:end])])
        start = start + 1 if end is None else end
    return "".join(done)


_MAX_PARTS = 40
"""Longer chains of words are prose or base64; to try all their runs would take long."""
