"""Bodies that hold a sequence of JSON documents: event streams, lines, Amazon's frames, arrays.

Pure. A stream is taken apart into its payloads and put together again; whatever is not a payload
(event names, blank lines, frame headers) comes back byte for byte.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from personalvibe.replay.cassette import bodies
from personalvibe.replay.model import Headers, JsonValue


class Stream(NamedTuple):
    payloads: list[bytes]
    assemble: Callable[[Sequence[bytes]], bytes]
    """The body with these payloads in the place of the old ones."""


_DATA = re.compile(rb"(?m)^data:[ ]?(.*?)\r?$")
_LINE = re.compile(rb"(?m)^(.+?)\r?$")
_EVENTS = re.compile(rb"\s*(?:data|event|id|retry)?:")


def parse_stream(headers: Headers, body: bytes) -> Stream | None:
    """The payloads of a streamed body, or None if it is not streamed."""
    kind = bodies.media_type(headers)
    if kind == "text/event-stream" or (not kind and _EVENTS.match(body)):
        return _spans(body, _DATA)
    if kind in ("application/x-ndjson", "application/jsonl", "application/x-jsonlines"):
        return _spans(body, _LINE)
    if kind == "application/vnd.amazon.eventstream":
        return _frames(body)
    return None


def _spans(body: bytes, pattern: re.Pattern[bytes]) -> Stream:
    spans = [match.span(1) for match in pattern.finditer(body)]

    def assemble(payloads: Sequence[bytes]) -> bytes:
        parts, position = [], 0
        for (start, end), payload in zip(spans, payloads, strict=True):
            parts += [body[position:start], payload]
            position = end
        return b"".join([*parts, body[position:]])

    return Stream([body[start:end] for start, end in spans], assemble)


_PRELUDE = struct.Struct("!II")
_CHECKSUM = struct.Struct("!I")


def _frames(body: bytes) -> Stream | None:
    """Amazon's event stream: total length, headers length, checksum, headers, payload, checksum."""
    heads, payloads, position = [], [], 0
    while position < len(body):
        if len(body) - position < 16:
            return None
        total, size = _PRELUDE.unpack_from(body, position)
        if total < size + 16 or position + total > len(body):
            return None
        start = position + 12 + size
        heads.append(body[position + 12 : start])
        payloads.append(body[start : position + total - 4])
        position += total

    def assemble(changed: Sequence[bytes]) -> bytes:
        return b"".join(_frame(head, one) for head, one in zip(heads, changed, strict=True))

    return Stream(payloads, assemble)


def _frame(head: bytes, payload: bytes) -> bytes:
    prelude = _PRELUDE.pack(len(head) + len(payload) + 16, len(head))
    message = prelude + _CHECKSUM.pack(zlib.crc32(prelude)) + head + payload
    return message + _CHECKSUM.pack(zlib.crc32(message))


class Leaf(NamedTuple):
    """A string in a document, and where to write it back."""

    channel: tuple[str | int, ...]
    """Its path; equal in all documents that carry on the same text."""
    container: dict[str, JsonValue] | list[JsonValue]
    key: str | int
    text: str


_INDEXES = ("index", "output_index", "content_index")


def leaves(document: JsonValue, channel: tuple[str | int, ...] = ()) -> Iterator[Leaf]:
    """Every string of a document. A list item with an ``index`` goes by that."""
    if isinstance(document, dict):
        marks = [value for key in _INDEXES if isinstance(value := document.get(key), int)]
        channel = (*channel, *marks)
        for key, value in document.items():
            if isinstance(value, str):
                yield Leaf((*channel, key), document, key, value)
            elif value:
                yield from leaves(value, (*channel, key))
    elif isinstance(document, list):
        for position, value in enumerate(document):
            if isinstance(value, str):
                yield Leaf((*channel, position), document, position, value)
            elif value:
                indexed = isinstance(value, dict) and isinstance(value.get("index"), int)
                yield from leaves(value, channel if indexed else (*channel, position))
