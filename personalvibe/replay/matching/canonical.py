"""A request reduced to what matching compares, and the key by which it is found. Pure.

`normalise` removes what differs from run to run without meaning anything (boundaries, hop-by-hop
headers) and bounds large payloads; recordings are stored normalised. `canonicalise` computes the
key; it ignores, besides, key order, whitespace, the spelling of numbers and random ids.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit, urlunsplit

from personalvibe.replay.cassette import bodies
from personalvibe.replay.model import (
    CanonicalRequest,
    CassetteError,
    JsonValue,
    Request,
)

DEFAULT_MATCH_ON = ("method", "scheme", "host", "port", "path", "query", "body")

PAYLOAD_LIMIT = 2_048
"""Bytes of base64 or binary data that a stored request keeps; above it, a digest stands for them.
Responses keep theirs, whatever the size: the program needs them."""

_NOISE = frozenset(("host", "connection", "content-length", "accept-encoding", "transfer-encoding"))
_SIGNATURE = re.compile(r"(?i)x-(?:amz|goog)-(?!alt$)")
_UUID = re.compile(
    r"(?i)(?<![0-9a-z])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-z])"
)
_CALL_ID = re.compile(
    r"(?:call|toolu|tooluse|chatcmpl-tool|fc|msg|rs|ctc|ws|run)[-_]"
    r"(?:replay-[0-9a-f]{10}|(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{16,})"
)
_BASE64 = re.compile(r"(?:data:[\w.+/-]+;base64,)?[A-Za-z0-9+/_\s-]+={0,2}\s*")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRules:
    """What makes two requests the same."""

    match_on: tuple[str, ...] = DEFAULT_MATCH_ON
    """Names of built-in matchers: those of the default, ``uri``, ``headers``, ``raw_body``."""
    ignore_json_paths: tuple[str, ...] = ()
    """``metadata.run_id``, ``messages[*].id``, ``**.trace_id``."""
    host_aliases: Mapping[str, str] = field(default_factory=dict)
    """Host, host:port or URL prefix -> the host or URL prefix that it stands for."""

    def __post_init__(self) -> None:
        for name in self.match_on:
            if name not in MATCHERS:
                raise CassetteError(
                    f"match_on: there is no matcher {name!r}",
                    hint=f"There are {', '.join(MATCHERS)}; register others with "
                    "vcr.register_matcher in pytest_recording_configure.",
                )


def normalise(request: Request) -> Request:
    """The request as it is stored and compared. Idempotent."""
    headers, body = bodies.decompress(request.headers, request.body)
    headers = bodies.without(headers, _NOISE)
    parts = bodies.parse_multipart(headers, body)
    if parts is not None:
        bounded = [replace(part, content=_digested(part.content)) for part in parts]
        body = bodies.write_multipart(bounded, bodies.STORED_BOUNDARY)
        headers = tuple(
            (name, f"{bodies.media_type(headers)}; boundary={bodies.STORED_BOUNDARY}")
            if name.lower() == "content-type"
            else (name, value)
            for name, value in headers
        )
    elif len(body) > PAYLOAD_LIMIT:
        body = _bounded(body)
    return replace(request, method=request.method.upper(), headers=headers, body=body)


def _bounded(body: bytes) -> bytes:
    try:
        value = bodies.parse_json(body)
    except bodies.NotJsonError:
        return _digested(body)
    shortened = _walk(value, _short)
    return body if shortened == value else bodies.write_json(shortened)


def _digested(content: bytes) -> bytes:
    """Large binary content as a digest; text as it is."""
    if len(content) <= PAYLOAD_LIMIT:
        return content
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return f"<{len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}>".encode()
    return _short(text).encode()


def _short(text: str) -> str:
    if len(text) <= PAYLOAD_LIMIT or " " in text or not _BASE64.fullmatch(text):
        return text
    head, comma, data = text.rpartition(",")
    digest = hashlib.sha256(data.encode()).hexdigest()
    return f"{head}{comma}<{len(data)} characters of base64, sha256 {digest}>"


def _walk(value: JsonValue, change: Callable[[str], str]) -> JsonValue:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_walk(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _walk(item, change) for key, item in value.items()}
    return value


def canonicalise(request: Request, rules: MatchRules) -> CanonicalRequest:
    """The canonical form of a normalised, redacted request."""
    url = urlsplit(_real_url(request.url, rules.host_aliases))
    fields: dict[str, JsonValue] = {
        name: MATCHERS[name](request, url, rules) for name in rules.match_on
    }
    text = json.dumps(list(fields.values()), sort_keys=True)
    return CanonicalRequest(key=hashlib.blake2b(text.encode()).hexdigest(), fields=fields)


def _real_url(url: str, aliases: Mapping[str, str]) -> str:
    if not aliases:
        return url
    parts = urlsplit(url)
    for alias, target in aliases.items():
        real = target if "://" in target else f"https://{target}"
        if "://" in alias:
            prefix = alias.rstrip("/")
            if url == prefix or url.startswith((prefix + "/", prefix + "?")):
                return real.rstrip("/") + url[len(prefix) :]
        elif alias in (parts.netloc, parts.hostname):
            base = urlsplit(real.rstrip("/"))
            path = base.path + parts.path
            return urlunsplit((base.scheme, base.netloc, path, parts.query, parts.fragment))
    return url


def _query(url: SplitResult) -> JsonValue:
    pairs = parse_qsl(url.query, keep_blank_values=True)
    return [[name, value] for name, value in sorted(pairs) if not _SIGNATURE.match(name)]


def _headers(request: Request) -> JsonValue:
    found: dict[str, JsonValue] = {}
    for name, value in request.headers:
        known = found.get(name.lower())
        found[name.lower()] = f"{known}, {value}" if known is not None else value
    return found


def _body(request: Request, rules: MatchRules) -> JsonValue:
    body = request.body
    if not body:
        return None
    parts = bodies.parse_multipart(request.headers, body)
    if parts is not None:
        fields: dict[str, JsonValue] = {}
        for part in parts:
            text = part.content.decode("utf-8", "backslashreplace")
            value = {"filename": part.filename, "content": text} if part.filename else text
            name = part.name
            while name in fields:
                name += "'"
            fields[name] = value  # type: ignore[assignment]
        return _Ids().anonymous(fields)
    form = bodies.parse_form(request.headers, body)
    if form is not None:
        return _Ids().anonymous([[name, value] for name, value in sorted(form)])
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return _Ids().anonymous(body.decode("utf-8", "backslashreplace"))
    for path in rules.ignore_json_paths:
        value = _removed(value, _segments(path))
    return _Ids().anonymous(value)


def is_random_id(text: str) -> bool:
    """Whether matching takes a text for an id that is another one each time."""
    return bool(_CALL_ID.fullmatch(text) or _UUID.fullmatch(text))


class _Ids:
    """Random ids replaced by their order of appearance, and numbers by one spelling."""

    def __init__(self) -> None:
        self.seen: dict[str, str] = {}

    def anonymous(self, value: Any) -> JsonValue:
        if isinstance(value, str):
            if len(value) < 16:
                return value
            if _CALL_ID.fullmatch(value):
                return self.name(value)
            return _UUID.sub(lambda found: self.name(found[0]), value)
        if isinstance(value, float):
            return int(value) if value.is_integer() else value
        if isinstance(value, list):
            return [self.anonymous(item) for item in value]
        if isinstance(value, dict):
            # In the order of the keys, which is not the order of the body.
            return {key: self.anonymous(value[key]) for key in sorted(value)}
        return value  # type: ignore[no-any-return]

    def name(self, value: str) -> str:
        return self.seen.setdefault(value.lower(), f"<id {len(self.seen) + 1}>")


_PATH = re.compile(r"\[(\d+|\*)\]|([^.\[\]]+)")


def _segments(path: str) -> tuple[str, ...]:
    return tuple(
        found[1] or found[2] for found in _PATH.finditer(path.removeprefix("$")) if found[0]
    )


def _removed(value: Any, path: tuple[str, ...]) -> Any:
    """A JSON value without what `path` names."""
    if not path:
        return value
    name, rest = path[0], path[1:]
    if name == "**":
        value = _removed(value, rest)
        if isinstance(value, dict):
            return {key: _removed(child, path) for key, child in value.items()}
        if isinstance(value, list):
            return [_removed(child, path) for child in value]
        return value
    if isinstance(value, dict):
        items = value.items()
        if not rest:
            return {key: child for key, child in items if name not in ("*", key)}
        return {key: _removed(child, rest) if name in ("*", key) else child for key, child in items}
    if isinstance(value, list):
        positions = range(len(value)) if name == "*" else [int(name)] if name.isdigit() else []
        if not rest:
            return [child for index, child in enumerate(value) if index not in positions]
        return [
            _removed(child, rest) if index in positions else child
            for index, child in enumerate(value)
        ]
    return value


Matcher = Callable[[Request, SplitResult, MatchRules], JsonValue]

MATCHERS: Mapping[str, Matcher] = {
    "method": lambda request, url, rules: request.method,
    "scheme": lambda request, url, rules: url.scheme,
    "host": lambda request, url, rules: url.hostname,
    "port": lambda request, url, rules: url.port or _PORTS.get(url.scheme),
    "path": lambda request, url, rules: _UUID.sub("<id>", url.path) or "/",
    "query": lambda request, url, rules: _query(url),
    "uri": lambda request, url, rules: urlunsplit(url),
    "url": lambda request, url, rules: urlunsplit(url),
    "headers": lambda request, url, rules: _headers(request),
    "body": lambda request, url, rules: _body(request, rules),
    "raw_body": lambda request, url, rules: hashlib.sha256(request.body).hexdigest(),
}
