"""Hides secrets in a body of any form: JSON, streams, forms, parts, text, gzip, bytes. Pure."""

from __future__ import annotations

import base64
import binascii
import gzip
import itertools
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import quote_plus, unquote_plus

from personalvibe.replay.cassette import bodies
from personalvibe.replay.cassette.streams import Leaf, leaves, parse_stream
from personalvibe.replay.model import Headers, JsonValue, Request
from personalvibe.replay.redaction.assignments import FOREIGN_INITIALS, looks_drawn
from personalvibe.replay.redaction.embedded import embedded_secrets, may_embed
from personalvibe.replay.redaction.escapes import may_be_escaped, unescaped
from personalvibe.replay.redaction.json_tables import below_headings, without_columns
from personalvibe.replay.redaction.names import INTACT_NAMES, squeeze, squeezed_name
from personalvibe.replay.redaction.packed import without_binary
from personalvibe.replay.redaction.python_literals import as_json, may_be_python
from personalvibe.replay.redaction.readings import Reading
from personalvibe.replay.redaction.rules import Action, RedactionRules, Side
from personalvibe.replay.redaction.shapes import PLACEHOLDER, Hit, lower_case, replaced

_SCHEMA_KEYS = frozenset(
    ("type", "$ref", "anyOf", "oneOf", "allOf", "enum", "description", "properties", "title")
)
_HEADER_TABLES = frozenset(
    ("headers", "extraheaders", "httpheaders", "requestheaders", "defaultheaders", "env", "cookies")
)
_PLACE_NAMES = ("headers", "env", "cookies", "value", "token", "default", "kty", '"--', "'--")
_PLACES = re.compile(r'(?:headers|env|cookies|value|token|default|kty)\\*["\']\s*:|["\']--')
_INITIALS = b"|".join(b"u%04x" % ord(initial) for initial in sorted(FOREIGN_INITIALS))
_ESCAPES = re.compile(rb"(?i)\\(?:/|u00|" + _INITIALS + rb")")
"""What a secret's name may begin with: other escapes are those of quotes and of emojis."""
_HOLDING_VALUE = frozenset(("value", "default"))
_HOLDING_NAME = ("name", "key", "id", "Name", "Key")
_DATA_OF_SECRET = frozenset(("data", "stringData"))  # of Kubernetes
_PRIVATE_PARTS_OF_JWK = frozenset(("d", "p", "q", "dp", "dq", "qi", "k"))
_SCHEMA_VALUES = frozenset(("default", "const", "example", "examples"))
_BESIDE_DATA = re.compile(rb"(?m)^(?!data:)[^\r\n]{8,}")
_SERVER_KEYS = frozenset(("server_url", "serverUrl", "server_label", "command", "url"))
_PLAIN_HEADERS = re.compile(
    r"(?i)accept.*|content-.*|user-agent|host|origin|referer|path|home|lang|lc_.*|tz|debug|.*log.*|"
    r"node_env|python.*|.*port|.*host|.*region|.*version"
)


def secrets_in(text: str, rules: RedactionRules, side: Side = "request") -> list[Hit]:
    """The secrets of a text that is no body of a request: of a message, or about to be written."""
    hits = rules.find(text)
    if _may_hold_data(text):
        redactor = BodyRedactor(rules=rules.without_functions(), side=side, request=_NO_REQUEST)
        hits += redactor.embedded(text)
    return hits


def _may_hold_data(text: str) -> bool:
    """Whether there may be JSON in it, or what is read as such. Most texts have none."""
    return may_embed(text) or may_be_escaped(text) or may_be_python(text)


_NO_REQUEST = Request(method="", url="")


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyRedactor:
    """Redacts the bodies of one side of an interaction."""

    rules: RedactionRules
    side: Side
    request: Request
    """Handed to replacement functions, as vcrpy does."""

    def body(self, headers: Headers, body: bytes) -> bytes:
        """The body without secrets; the same object if there are none."""
        if not body:
            return body
        if body[:2] == b"\x1f\x8b":
            return self.gzipped(body)
        stream = parse_stream(headers, body)
        if stream is not None:
            return self.beside_data(headers, stream.assemble(self.payloads(stream.payloads)))
        if (form := bodies.parse_form(headers, body)) is not None:
            return self.form(body) if form else body
        if (parts := bodies.parse_multipart(headers, body)) is not None:
            return self.multipart(headers, body, parts)
        if bodies.looks_like_form(body):
            return self.form(body)
        start = body.lstrip()[:1]
        if start == b"{" and self.harmless(body):
            return body
        if start in (b"{", b"["):
            changed = self.json(body)
            if changed is not None:
                return changed
        return self.text(body)

    def harmless(self, body: bytes) -> bool:
        """Whether a JSON document can be seen to hold no secret without being parsed."""
        body = bodies.without_numbers(body)
        if b"\\" in body and _ESCAPES.search(body):
            return False
        text = without_binary(body.decode("utf-8", "replace"))
        lower = lower_case(text)
        if any(name in lower for name in _PLACE_NAMES) and _PLACES.search(lower):
            return False
        return not self.rules.may_find(text)

    def text(self, body: bytes) -> bytes:
        """Text, or bytes that are no text: latin-1 gives every byte back as it was."""
        for encoding in bodies.text_encodings(body):
            try:
                text = body.decode(encoding)
            except UnicodeDecodeError:
                continue
            if encoding == "latin-1" and bodies.is_binary(body):
                return self.runs(body)
            if hits := [*self.rules.find(text), *self.embedded(text)]:
                body = replaced(text, hits).encode(encoding)
        return body

    def embedded(self, text: str) -> Iterator[Hit]:
        """The secrets of the JSON that a text holds, in whatever escapes, and of Python's data."""
        if not _may_hold_data(text):
            return
        for reading in (Reading(text=text), *unescaped(text)):
            yield from self.in_json(reading)
            if may_be_python(reading.text):
                yield from self.in_json(as_json(reading))

    def in_json(self, reading: Reading) -> Iterator[Hit]:
        text = reading.text
        if may_embed(text) and not self.harmless(text.encode("utf-8", "replace")):
            yield from map(reading.spelled, embedded_secrets(text, self.value))

    def runs(self, body: bytes) -> bytes:
        pieces, position = [], 0
        for start, end in bodies.printable_runs(body):
            pieces += [body[position:start], self.text(body[start:end])]
            position = end
        return b"".join([*pieces, body[position:]]) if pieces else body

    def json(self, body: bytes) -> bytes | None:
        """A JSON body, or None if it is not one."""
        try:
            document = bodies.parse_json_sparing(body)
            changed = self.value(document)
            if isinstance(changed, list):
                # Gemini streams an array: a text may run through its items.
                rejoin(changed, self.rules)
            return body if changed == document else bodies.write_json(changed)
        except (bodies.NotJsonError, RecursionError, UnicodeEncodeError):
            return None

    def value(
        self, value: JsonValue, action: Action | Literal[False] = False, name: str = ""
    ) -> JsonValue:
        """A JSON value; `action` is what the name asks for, its own or that of what it is in."""
        if isinstance(value, str) and (action is False or not value):
            return self.string(value)
        value = without_columns(value, self.is_field)
        if isinstance(value, dict):
            if action is not False and _SCHEMA_KEYS & value.keys():
                return dict(self.fields(_without_examples(value), False, name))
            return dict(self.fields(value, action, name))
        if isinstance(value, list):
            if action is False and bodies.is_numbers(value):
                return value
            hidden = self.named_items(value)
            return [
                PLACEHOLDER if position in hidden else self.value(item, action, name)
                for position, item in enumerate(value)
            ]
        if action is False or not _is_replaced(value):
            return value
        return self.acted(action, value, name) or ""

    def string(self, text: str) -> str:
        """A string, and what has its place in JSON that it holds."""
        hits = self.rules.find(text)
        if text[:1] in ("{", "[") and not self.harmless(inner := text.encode("utf-8", "replace")):
            changed = self.json(replaced(text, hits).encode("utf-8", "replace"))
            if changed is not None:
                return text if changed == inner else changed.decode()
        hits += self.embedded(text)
        return replaced(text, hits) if hits else text

    def named_items(self, items: list[JsonValue]) -> set[int]:
        """Where in a list a secret stands: after ``"--api-key"``, in ``["Authorization", ...]``."""
        return {
            position
            for position, (name, value) in enumerate(itertools.pairwise(items), 1)
            if isinstance(name, str)
            and isinstance(value, str)
            and self.names_item(name, value, alone=len(items) == 2)
        }

    def names_item(self, name: str, value: str, *, alone: bool) -> bool:
        if name.startswith("--"):
            option = name.strip("-")
            is_token = option == "token" and "body:token" not in self.rules.keep
            return (is_token or self.is_secret(option)) and not value.startswith("-")
        return alone and self.is_secret(name) and looks_drawn(value)

    def is_secret(self, name: str) -> bool:
        return self.rules.header_action("request", name) is not False or self.is_field(name)

    def is_field(self, name: str) -> bool:
        return self.rules.body_action(self.side, name) is not False

    def fields(
        self, fields: dict[str, JsonValue], outer: Action | Literal[False], outer_name: str
    ) -> Iterable[tuple[str, JsonValue]]:
        for name, value in fields.items():
            if squeezed_name(name) in INTACT_NAMES and isinstance(value, str):
                yield name, value
                continue
            action = self.rules.body_action(self.side, name)
            if action is False and name == "token" and self.is_credential(fields):
                action = PLACEHOLDER
            if action is None and not isinstance(value, dict):
                continue
            if (
                action is False
                and isinstance(value, dict)
                and squeezed_name(name) in _HEADER_TABLES
            ):
                whole = name == "cookies" or not _SERVER_KEYS.isdisjoint(fields)
                yield name, self.header_table(value, whole=whole)
                continue
            if action is False and fields.get("kind") == "Secret" and name in _DATA_OF_SECRET:
                action = PLACEHOLDER
            if isinstance(value, str) and self.is_placed(name, fields):
                yield name, PLACEHOLDER
                continue
            if action is False and name.endswith("s") and _is_texts(value):
                action = self.rules.body_action(self.side, name[:-1])
            action, asked = (outer, outer_name) if action is False else (action, name)
            if callable(action) and _is_replaced(value):
                changed: JsonValue = self.acted(action, value, asked)
                if changed is None:
                    continue
            else:
                changed = self.value(value, action, asked)
            hits = self.rules.find(name)
            yield replaced(name, hits) if hits else name, changed

    def header_table(self, table: dict[str, JsonValue], *, whole: bool) -> JsonValue:
        """Headers, or variables, that a tool or a server is to be called with.

        `whole`: of a server that others run, where every name is its own and may be a secret's.
        """
        return {
            name: PLACEHOLDER
            if isinstance(value, str)
            and (self.is_secret(name) or (whole and not _PLAIN_HEADERS.fullmatch(name)))
            else self.value(value)
            for name, value in table.items()
        }

    def is_credential(self, fields: dict[str, JsonValue]) -> bool:
        """Whether the field ``token`` is one: elsewhere it is a piece of text."""
        piece = {"logprob", "logprobs", "bytes", "top_logprobs", "id", "text"}
        return (
            self.side == "request"
            and piece.isdisjoint(fields)
            and "body:token" not in self.rules.keep
        )

    def is_placed(self, name: str, fields: dict[str, JsonValue]) -> bool:
        """Whether a field is secret by those beside it: ``{"name": "x-api-key", "value": ...}``,
        the private part of a JSON web key, a cookie of a browser's log."""
        if name.lower() in _HOLDING_VALUE:
            called = next((fields[one] for one in _HOLDING_NAME if one in fields), None)
            return isinstance(called, str) and (self.is_secret(called) or "httpOnly" in fields)
        if name == "cookies":
            return looks_drawn(str(fields[name]))
        return name in _PRIVATE_PARTS_OF_JWK and "kty" in fields

    def acted(self, action: Action, value: JsonValue, name: str) -> str | None:
        if callable(action):
            return action(key=name, value=value, request=self.request)
        return action or PLACEHOLDER

    def payloads(self, payloads: list[bytes]) -> list[bytes]:
        """The payloads of a stream; also a secret that several of them carry bit by bit."""
        documents: list[JsonValue] = []
        originals: dict[int, JsonValue] = {}
        changed = list(payloads)
        wrapped: dict[int, dict[str, JsonValue]] = {}
        for number, payload in enumerate(payloads):
            try:
                document = bodies.parse_json(payload)
                if (inner := _unwrapped(document)) is not None:
                    wrapped[number], document = inner
                originals[number] = document
                documents.append(self.value(document))
            except (bodies.NotJsonError, RecursionError):
                changed[number] = self.text(payload)
        rejoin(documents, self.rules)
        documents = below_headings(documents, self.is_field)
        for (number, original), document in zip(originals.items(), documents, strict=True):
            if document != original:
                body = bodies.write_json(document)
                if number in wrapped:
                    data = base64.b64encode(body).decode()
                    body = bodies.write_json({**wrapped[number], "bytes": data})
                changed[number] = body
        return changed

    def form(self, body: bytes) -> bytes:
        fields = []
        for field in body.decode("ascii").split("&"):
            name, equals, value = field.partition("=")
            plain = unquote_plus(name)
            action = self.rules.body_action(self.side, plain)
            if action is False:
                action = self.rules.query_action(plain)
            if action is False and plain == "code" and b"grant_type" in body:
                action = PLACEHOLDER
            if action is None:
                continue
            if action is not False and value:
                changed = self.acted(action, unquote_plus(value), plain)
                if changed is None:
                    continue
                value = quote_plus(changed)
            elif (changed := self.string(text := unquote_plus(value))) != text:
                value = quote_plus(changed)
            if hits := self.rules.find(plain):
                name = quote_plus(replaced(plain, hits))
            fields.append(name + equals + value)
        return "&".join(fields).encode("ascii")

    def beside_data(self, headers: Headers, body: bytes) -> bytes:
        """Events whose comments, names and ids hold no secret either."""
        if bodies.media_type(headers) != "text/event-stream":
            return body
        return _BESIDE_DATA.sub(lambda line: self.text(line[0]), body)

    def multipart(self, headers: Headers, body: bytes, parts: list[bodies.Part]) -> bytes:
        changed = []
        for part in parts:
            action = self.rules.body_action(self.side, part.name)
            if action is None:
                continue
            if action is not False and part.content:
                text = self.acted(action, part.content.decode("utf-8", "replace"), part.name)
                if text is None:
                    continue
                content = text.encode()
            else:
                content = self.body(part.headers, part.content)
            changed.append(replace(part, headers=self.of_part(part.headers), content=content))
        if changed == parts:
            return body
        return bodies.write_multipart(changed, bodies.boundary(headers) or "")

    def of_part(self, headers: Headers) -> Headers:
        lines = [(name, f"{name}: {value}") for name, value in headers]
        return tuple(
            (name, replaced(line, self.rules.find(line))[len(name) + 2 :]) for name, line in lines
        )

    def gzipped(self, body: bytes) -> bytes:
        plain = gunzipped(body)
        if plain is None:
            return self.text(body)
        changed = self.body((), plain)
        return body if changed == plain else gzip.compress(changed, mtime=0)


def _is_replaced(value: JsonValue) -> bool:
    """Whether a secret may stand in a value: not in nothing, nor in yes and no."""
    return isinstance(value, (str, int, float)) and not isinstance(value, bool) and value != ""


def _is_texts(value: JsonValue) -> bool:
    """Whether it is a list of texts, or texts by names: ``{"api_keys": {"openai": ...}}``."""
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _without_examples(schema: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """The JSON schema of a property that is named like a secret; its default may be one."""
    return {
        name: PLACEHOLDER
        if name in _SCHEMA_VALUES and isinstance(value, str) and looks_drawn(value)
        else value
        for name, value in schema.items()
    }


def _unwrapped(document: JsonValue) -> tuple[dict[str, JsonValue], JsonValue] | None:
    """Bedrock wraps each event of a model into base64: ``{"bytes": "eyJ0eXBlIjoi..."}``."""
    if not isinstance(document, dict) or not isinstance(data := document.get("bytes"), str):
        return None
    try:
        return document, bodies.parse_json(base64.b64decode(data, validate=True))
    except (binascii.Error, ValueError):
        return None


def gunzipped(body: bytes) -> bytes | None:
    """What a gzip body holds, or None if it is damaged or too large: it must not be written."""
    try:
        return bodies.inflated(body)
    except zlib.error:
        return None


def rejoin(documents: Iterable[JsonValue], rules: RedactionRules) -> None:
    """Hide, in place, what is a secret only when the pieces of a streamed text are put together."""
    channels: defaultdict[tuple[str | int, ...], list[Leaf]] = defaultdict(list)
    for document in documents:
        for leaf in leaves(document):
            if squeeze(str(leaf.key)) not in INTACT_NAMES:
                channels[leaf.channel].append(leaf)
    for pieces in channels.values():
        if len(pieces) > 1 and (hits := rules.find("".join(piece.text for piece in pieces))):
            _cut(pieces, hits)


def _cut(pieces: list[Leaf], hits: list[Hit]) -> None:
    position = 0
    for piece in pieces:
        start, end = position, position + len(piece.text)
        position = end
        here = [
            # The first piece gets the placeholder, the others only lose their share.
            Hit(
                max(hit.start, start) - start,
                min(hit.end, end) - start,
                hit.shape,
                hit.replacement if hit.start >= start else "",
            )
            for hit in hits
            if hit.start < end and hit.end > start
        ]
        if here:
            piece.container[piece.key] = replaced(piece.text, here)  # type: ignore[index]
