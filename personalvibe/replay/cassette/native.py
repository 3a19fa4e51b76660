"""The data of a cassette in our own format: interactions to dicts and lists, and back, checked."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from personalvibe.replay.cassette import bodies, yaml_io
from personalvibe.replay.model import (
    CassetteError,
    Headers,
    Interaction,
    Provenance,
    RedactedInteraction,
    Request,
    Response,
)

VERSION = 2
"""vcrpy's own cassettes say 1."""
REPAIR = "Restore it from version control, or record it again with --record-mode=rewrite."
_WIDTH = 96
_PIECE = _WIDTH // 4 * 3 * 1024
_PROVENANCE = ("recorded_at", "recorded_by", "recorded_from")


ParseJson = Callable[[bytes], Any]
"""As `bodies.parse_json_sparing`: whoever has parsed the bodies before spares a second time."""


def provenance_fields(provenance: Provenance) -> dict[str, Any]:
    return {
        "recorded_at": provenance.recorded_at,
        "recorded_by": dict(provenance.recorded_by),
        "recorded_from": provenance.recorded_from,
    }


def interaction_fields(
    one: RedactedInteraction,
    common: Provenance | None,
    *,
    exact: bool = False,
    parse: ParseJson = bodies.parse_json_sparing,
) -> dict[str, Any]:
    """An interaction of a cassette whose own provenance is `common`.

    Args:
        exact: keep the whitespace of JSON, which then is a text.
    """
    fields: dict[str, Any] = {}
    if one.provenance is not None and one.provenance != common:
        fields |= provenance_fields(one.provenance)
    return {**fields, **exchange_fields(one, exact=exact, parse=parse)}


def exchange_fields(
    one: RedactedInteraction, *, exact: bool = False, parse: ParseJson = bodies.parse_json_sparing
) -> dict[str, Any]:
    request, response = one.request, one.response
    fields: dict[str, Any] = {}
    fields["request"] = {
        "method": request.method,
        "url": request.url,
        **_header_fields(request.headers),
        **_body_fields(request.headers, request.body, parse, exact=exact),
    }
    fields["response"] = {
        "status": response.status,
        "reason": response.reason,
        **_header_fields(response.headers),
        **_body_fields(response.headers, response.body, parse, exact=exact),
    }
    return fields


def _header_fields(headers: Headers) -> dict[str, Any]:
    """Lower-case names in alphabetical order: HTTP clients differ in both."""
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value)
    if not found:
        return {}
    return {
        "headers": {
            name: values[0] if len(values) == 1 else values
            for name, values in sorted(found.items())
        }
    }


def _body_fields(headers: Headers, body: bytes, parse: ParseJson, *, exact: bool) -> dict[str, Any]:
    """The body under the name of its form: json, events, parts, text or base64."""
    if not body:
        return {}
    if bodies.is_json(headers, body) and not (exact and _SPACED.match(body)):
        try:
            value = parse(body)
        except bodies.NotJsonError:
            pass
        else:
            is_kept = not exact or bodies.is_as_written(value, body)
            if is_kept and yaml_io.representable(value):
                return {"json": value}
    parts = _part_fields(headers, body)
    if parts is not None:
        return {"parts": parts}
    fields = _text_fields(body)
    if bodies.media_type(headers) == "text/event-stream" and "text" in fields:
        return _event_fields(fields["text"])
    return fields


_SPACED = re.compile(rb"\s|[\[{]\s|\[*\{\"(?:[^\"\\]|\\.)*+\"(?:\s|:\s)")
"""How JSON begins that `bodies.write_json` would not write."""


def _text_fields(body: bytes) -> dict[str, Any]:
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"base64": "".join(_wrapped(body))}


def _wrapped(body: bytes) -> Iterator[str]:
    """Lines of base64, many at a time: a list of all takes more memory than their text."""
    for start in range(0, len(body), _PIECE):
        data = base64.b64encode(body[start : start + _PIECE]).decode()
        yield "".join(f"{data[one : one + _WIDTH]}\n" for one in range(0, len(data), _WIDTH))


def _event_fields(text: str) -> dict[str, Any]:
    for name, mark in (("events", "\n\n"), ("crlf_events", "\r\n\r\n")):
        events = text.split(mark)
        if len(events) > 1 and not events[-1]:
            lines = [event.replace("\r\n", "\n") for event in events[:-1]]
            if _event_text(name, lines) == text:
                return {name: lines}
    return {"text": text}


def _event_text(name: str, events: list[str]) -> str:
    if name == "events":
        return "".join(f"{event}\n\n" for event in events)
    return "".join(event.replace("\n", "\r\n") + "\r\n\r\n" for event in events)


def _part_fields(headers: Headers, body: bytes) -> list[dict[str, Any]] | None:
    parts = bodies.parse_multipart(headers, body)
    if parts is None or bodies.boundary(headers) != bodies.STORED_BOUNDARY:
        return None
    if bodies.write_multipart(parts, bodies.STORED_BOUNDARY) != body:
        return None
    if any(len(dict(part.headers)) != len(part.headers) for part in parts):
        return None
    return [{"headers": dict(part.headers), **_text_fields(part.content)} for part in parts]


class Reader:
    """Checks what a file says before anything relies on it."""

    def __init__(self, path: Path, document: yaml_io.Document) -> None:
        self.path = path
        self.document = document

    def error(self, message: str, near: object) -> CassetteError:
        line = self.document.line(near)
        return CassetteError(message, path=self.path, line=line, hint=REPAIR)

    def interactions(self, value: dict[Any, Any]) -> list[Interaction]:
        self.only(value, "the cassette", "version", *_PROVENANCE, "interactions")
        common = self.provenance(value)
        items = value.get("interactions")
        if not isinstance(items, list):
            raise self.error("`interactions` is not a list", value)
        return [self.interaction(item, common, items) for item in items]

    def interaction(self, item: Any, common: Provenance | None, near: object) -> Interaction:
        if not isinstance(item, dict):
            raise self.error("an interaction is not a mapping", near)
        self.only(item, "an interaction", *_PROVENANCE, "request", "response")
        request, response = item.get("request"), item.get("response")
        if not isinstance(request, dict) or not isinstance(response, dict):
            raise self.error("an interaction lacks its request or its response", item)
        self.only(request, "a request", "method", "url", "headers", *_FORMS)
        self.only(response, "a response", "status", "reason", "headers", *_FORMS)
        status = response.get("status")
        if not isinstance(status, int) or not 100 <= status <= 999:
            raise self.error(f"the status {status!r} is not an HTTP status", response)
        return Interaction(
            request=Request(
                method=self.text(request, "method"),
                url=self.url(request),
                headers=self.headers(request),
                body=self.body(request),
            ),
            response=Response(
                status=status,
                reason=self.text(response, "reason"),
                headers=self.headers(response),
                body=self.body(response),
            ),
            provenance=self.provenance(item) or common,
        )

    def provenance(self, item: dict[Any, Any]) -> Provenance | None:
        if item.keys().isdisjoint(_PROVENANCE):
            return None
        by, source = item.get("recorded_by", {}), item.get("recorded_from")
        if not isinstance(by, dict) or source not in ("provider", "stand-in"):
            raise self.error("it is not said by what and from where this was recorded", item)
        return Provenance(
            recorded_at=self.text(item, "recorded_at"),
            recorded_by=tuple((str(name), str(version)) for name, version in by.items()),
            recorded_from=source,
        )

    def only(self, item: Mapping[Any, Any], what: str, *known: str) -> None:
        for name in item:
            if name not in known:
                raise self.error(f"{what} has an unknown key, {name!r}", item)

    def url(self, item: dict[Any, Any]) -> str:
        value = self.text(item, "url")
        if not bodies.is_address(value):
            raise self.error(f"{value[:80]!r} is no address", item)
        return value

    def text(self, item: dict[Any, Any], name: str) -> str:
        value = item.get(name)
        if not isinstance(value, str):
            raise self.error(f"`{name}` is not a string", item)
        return value

    def headers(self, item: dict[Any, Any]) -> Headers:
        value = item.get("headers", {})
        if not isinstance(value, dict):
            raise self.error("`headers` is not a mapping", item)
        found: list[tuple[str, str]] = []
        for name, content in value.items():
            values = content if isinstance(content, list) else [content]
            if not isinstance(name, str) or not all(isinstance(one, str) for one in values):
                raise self.error(f"the header {name!r} is not a string", value)
            found += [(name, one) for one in values]
        return tuple(found)

    def body(self, item: dict[Any, Any]) -> bytes:
        forms = [name for name in _FORMS if name in item]
        if not forms:
            return b""
        if len(forms) > 1:
            raise self.error(f"two bodies: {' and '.join(forms)}", item)
        name = forms[0]
        value = item[name]
        if name == "json":
            return self.json(value, item)
        if name == "parts":
            return self.parts(value, item)
        if name in ("events", "crlf_events"):
            if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
                raise self.error(f"`{name}` is not a list of strings", item)
            return _event_text(name, value).encode()
        text = self.text(item, name)
        if name == "text":
            return text.encode()
        try:
            return base64.b64decode(text.encode().translate(None, b" \t\r\n"), validate=True)
        except (binascii.Error, ValueError):
            raise self.error("`base64` is not base64", item) from None

    def json(self, value: Any, near: object) -> bytes:
        try:
            return bodies.write_json(value)
        except (TypeError, ValueError, RecursionError):
            raise self.error("`json` holds something that JSON has not", near) from None

    def parts(self, value: Any, near: object) -> bytes:
        if not isinstance(value, list):
            raise self.error("`parts` is not a list", near)
        parts = []
        for item in value:
            if not isinstance(item, dict):
                raise self.error("a part is not a mapping", value)
            self.only(item, "a part", "headers", *_FORMS)
            parts.append(
                bodies.Part(
                    headers=self.headers(item), name="", filename=None, content=self.body(item)
                )
            )
        return bodies.write_multipart(parts, bodies.STORED_BOUNDARY)


_FORMS = ("json", "events", "crlf_events", "parts", "text", "base64")
