"""What a body is: JSON, events, a form, parts, text or bytes. Pure functions over bytes."""

from __future__ import annotations

import functools
import importlib
import itertools
import json
import math
import re
import uuid
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from personalvibe.replay.model import Headers, JsonValue


class NotJsonError(ValueError):
    """The bytes are no JSON document that survives being parsed and written again."""


def header(headers: Headers, name: str) -> str | None:
    """The first value of a header field; `name` in lower case."""
    for field, value in headers:
        if field.lower() == name:
            return value
    return None


def without(headers: Headers, names: Iterable[str]) -> Headers:
    """The header fields except those named (lower case)."""
    return tuple((name, value) for name, value in headers if name.lower() not in names)


def is_address(url: str) -> bool:
    """Whether a URL can be taken apart: ``http://[::1`` and ``http://h:port/`` cannot."""
    try:
        parts = urlsplit(url)
        return parts.port is None or parts.port >= 0
    except ValueError:
        return False


def media_type(headers: Headers) -> str:
    """``application/json`` of ``Content-Type: Application/JSON; charset=utf-8``; may be empty."""
    return (header(headers, "content-type") or "").partition(";")[0].strip().lower()


def parse_json(body: bytes) -> JsonValue:
    """A JSON document, if nothing of it is lost by parsing; else raises `NotJsonError`.

    Duplicate keys, NaN, numbers beyond a double, lone surrogates and nesting that exhausts the
    parser are such losses.
    """
    # To ask of every number of an embedding whether it is finite takes as long as all the rest.
    few = body.count(b".") * 100 < len(body)
    infinite = few or any(found.search(body) for found in _MAYBE_INFINITE) or _has_long(body)
    try:
        value: JsonValue = json.loads(
            body.decode(),
            object_pairs_hook=_unique,
            parse_constant=_refuse,
            parse_float=_finite if infinite else None,
        )
    except (ValueError, RecursionError) as error:
        raise NotJsonError(str(error)) from None
    return value


# `re` searches fast for a letter that comes first, and slowly for one of a class.
_MAYBE_INFINITE = (re.compile(rb"e\+?[0-9]{3}"), re.compile(rb"E\+?[0-9]{3}"))
_DIGITS = bytes.maketrans(b"123456789", b"0" * 9)
_MANY_DIGITS = b"0" * 300


def _has_long(body: bytes) -> bool:
    """Whether a body has a number of so many digits that it may be beyond a double."""
    return _MANY_DIGITS in body.translate(_DIGITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberText:
    """A list of numbers as JSON spells it, without its brackets and white space: to parse an
    embedding takes long, and whoever writes it again needs no more than its text."""

    text: str


MANY_NUMBERS = 32
"""Numbers of a list that is worth being left as text."""


@functools.cache
def number_list() -> re.Pattern[str]:
    """The text of a list of numbers, without white space."""
    number = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][-+]?[0-9]++)?+"
    return re.compile(f"(?:{number},)*+{number}")


@functools.cache
def _long_list() -> re.Pattern[bytes]:
    """A list of numbers that is worth being left as text; none of them can be beyond a double."""
    exponent = rb"(?:[eE](?:-[0-9]{1,5}+|\+?[0-9]{1,2}+))?+"
    number = rb"\s*+-?(?:0|[1-9][0-9]{0,99}+)(?:\.[0-9]++)?+" + exponent + rb"\s*+"
    return re.compile(rb"\[((?:%b,){%d,}+%b)\]" % (number, MANY_NUMBERS - 1, number))


def parse_json_sparing(body: bytes) -> Any:
    """As `parse_json`, but a long list of numbers is `NumberText`, which takes a tenth of the time.

    Numbers stand in for the lists while the rest is parsed.
    """
    texts: dict[int, str] = {}
    base = uuid.uuid4().int << 32

    def stand_in(found: re.Match[bytes]) -> bytes:
        number = base + len(texts)
        texts[number] = found[1].translate(None, b" \t\r\n").decode()
        return b"[%d]" % number

    short = _long_list().sub(stand_in, body)
    value = parse_json(short)
    if not texts:
        return value
    try:
        put, spared = _with_texts(value, texts)
    except RecursionError as error:
        raise NotJsonError(str(error)) from None
    # A string that quotes such a list is no list.
    return spared if put == len(texts) else parse_json(body)


def _with_texts(value: Any, texts: dict[int, str]) -> tuple[int, Any]:
    """A document with `NumberText` for what stands in for it, and how many there were."""
    if isinstance(value, dict):
        pairs = {key: _with_texts(child, texts) for key, child in value.items()}
        return sum(put for put, _ in pairs.values()), {key: new for key, (_, new) in pairs.items()}
    if not isinstance(value, list):
        return 0, value
    if len(value) == 1 and isinstance(value[0], int) and value[0] in texts:
        return 1, NumberText(text=texts[value[0]])
    items = [_with_texts(child, texts) for child in value]
    return sum(put for put, _ in items), [new for _, new in items]


def without_numbers(body: bytes) -> bytes:
    """JSON without what stands in its long lists of numbers, which hold nothing to be found."""
    return _ONLY_NUMBERS.sub(b"[]", body)


_ONLY_NUMBERS = re.compile(rb"\[[-+0-9.eE,\s]{64,}+\]")


def is_numbers(values: list[Any]) -> bool:
    """Whether a list holds nothing but numbers."""
    return {int, float}.issuperset(map(type, values))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise NotJsonError("a key appears twice")
    return value


def _refuse(constant: str) -> Any:
    raise NotJsonError(f"{constant} is no JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise NotJsonError(f"{text} is beyond a double")
    return value


def write_json(value: Any) -> bytes:
    """JSON without spaces, in UTF-8; keys keep their order. Takes `NumberText` for a list."""
    return _json_text(value).encode()


def is_as_written(value: Any, body: bytes) -> bool:
    """Whether `write_json` gives this body, of which it is compared a piece at a time."""
    text = _json_text(value)
    position = 0
    for start in range(0, len(text), _COMPARED):
        piece = text[start : start + _COMPARED].encode()
        if not body.startswith(piece, position):
            return False
        position += len(piece)
    return position == len(body)


_COMPARED = 65_536


def _json_text(value: Any) -> str:
    spelled: dict[str, str] = {}
    mark = f"numbers-{uuid.uuid4().hex}-"

    def stand_in(item: Any) -> str:
        if not isinstance(item, NumberText):
            raise TypeError(f"JSON has no {type(item).__name__}")
        name = f"{mark}{len(spelled)}"
        spelled[f'"{name}"'] = f"[{item.text}]"
        return name

    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=stand_in)
    if spelled:
        text = re.sub(f'"{mark}[0-9]+"', lambda found: spelled[found[0]], text)
    return text


def is_json(headers: Headers, body: bytes) -> bool:
    """Whether a body says that it is JSON, or says nothing and looks like it."""
    kind = media_type(headers)
    return "json" in kind if kind else body.lstrip()[:1] in (b"{", b"[")


class Budget:
    """Bytes that bodies may unpack to, all of a cassette together."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.left = total

    def spend(self, count: int) -> None:
        """Raises `OverBudgetError`."""
        self.left -= count
        if self.left < 0:
            raise OverBudgetError


class OverBudgetError(Exception):
    """Compressed bodies, or aliases, that stand for more than is allowed."""

    def __init__(self) -> None:
        super().__init__("what is compressed, or repeated by aliases, is larger than allowed")


def decompress(
    headers: Headers, body: bytes, budget: Budget | None = None
) -> tuple[Headers, bytes]:
    """The body without its content encoding, and the headers without the mention of it.

    Raises `OverBudgetError` where there is a budget.

    A body that is already plain (some clients hand it over decoded, but leave the header) and an
    encoding that is not known here are left as they are.
    """
    encoding = (header(headers, "content-encoding") or "").strip().lower()
    if not encoding or encoding == "identity":
        return without(headers, ("content-encoding",)), body
    if not body:
        return without(headers, ("content-encoding", "content-length")), body
    plain = body
    for name in reversed(encoding.split(",")):
        try:
            decoded = _decoded(name.strip(), plain, MAX_UNPACKED if budget is None else budget.left)
        except OverBudgetError:
            if budget is None:
                return headers, body
            raise
        if decoded is None:
            return headers, body
        if budget is not None and decoded is not plain:
            budget.spend(len(decoded))
        plain = decoded
    return without(headers, ("content-encoding", "content-length")), plain


def _decoded(encoding: str, body: bytes, most: int) -> bytes | None:
    """A body decoded; None for an encoding that is not known here. Raises `OverBudgetError`."""
    try:
        if encoding in ("gzip", "x-gzip"):
            return _bounded(inflated(body, most=most)) if body[:2] == b"\x1f\x8b" else body
        if encoding == "deflate":
            try:
                return _bounded(inflated(body, zlib.MAX_WBITS, most=most))
            except zlib.error:
                return _bounded(inflated(body, -zlib.MAX_WBITS, most=most))
        if encoding == "br":
            return _bounded(_brotli(body, most))
        if encoding == "zstd":
            return _bounded(_zstandard(body, most))
    except ImportError:
        return None
    except OverBudgetError:
        raise
    except Exception:
        # Not in this encoding: the client decoded it and left the header.
        return body
    return None


def _bounded(plain: bytes | None) -> bytes:
    if plain is None:
        raise OverBudgetError
    return plain


# Clients ask for these two only where the package is installed.


def _brotli(body: bytes, most: int) -> bytes | None:
    decoder = importlib.import_module("brotli").Decompressor()
    plain: list[bytes] = []
    for sip in _sips(body):
        plain.append(decoder.process(sip))
        most -= len(plain[-1])
        if most < 0:
            return None
    return _complete(plain, decoder.is_finished())


def _zstandard(body: bytes, most: int) -> bytes | None:
    decompressor = importlib.import_module("zstandard").ZstdDecompressor()
    frame = decompressor.decompressobj()
    plain: list[bytes] = []
    for sip in _sips(body):
        while sip:
            if frame.eof:
                frame = decompressor.decompressobj()
            plain.append(frame.decompress(sip))
            most -= len(plain[-1])
            if most < 0:
                return None
            sip = frame.unused_data if frame.eof else b""
    return _complete(plain, frame.eof)


def _sips(body: bytes) -> Iterator[bytes]:
    """A few bytes at a time: not every version knows a limit, and one byte can be a megabyte."""
    return (body[start : start + _SIP] for start in range(0, len(body), _SIP))


_SIP = 8


def _complete(plain: Iterable[bytes], is_complete: bool) -> bytes:
    if not is_complete:
        raise ValueError("the compressed data ends too early")
    return b"".join(plain)


MAX_UNPACKED = 64 * 1024 * 1024
"""Bytes that a compressed body may unpack to."""


def inflated(
    body: bytes, window: int = zlib.MAX_WBITS | 16, *, most: int = MAX_UNPACKED
) -> bytes | None:
    """A gzip or zlib body unpacked; None if it is larger than `most` bytes.

    Raises `zlib.error` for one that is damaged.
    """
    plain = b""
    while body:
        unpacker = zlib.decompressobj(window)
        plain += unpacker.decompress(body, most + 1 - len(plain))
        if len(plain) > most:
            return None
        if not unpacker.eof:
            raise zlib.error("the compressed data ends too early")
        body = unpacker.unused_data
    return plain


_EVENT_END = re.compile(rb"(?:\r\n\r\n|\n\n|\r\r)")
_LINES = {"application/x-ndjson", "application/jsonl", "application/x-jsonlines"}


def chunks(headers: Headers, body: bytes) -> list[bytes]:
    """A body in the pieces in which a streaming server sends it: one event, one piece."""
    kind = media_type(headers)
    if kind == "text/event-stream":
        return _pieces(body, [match.end() for match in _EVENT_END.finditer(body)])
    if kind in _LINES or "ndjson" in kind:
        return body.splitlines(keepends=True)
    if kind == "application/vnd.amazon.eventstream":
        return _pieces(body, _frame_ends(body))
    return [body] if body else []


def _pieces(body: bytes, ends: list[int]) -> list[bytes]:
    cuts = [0, *ends]
    if cuts[-1] < len(body):
        cuts.append(len(body))
    return [body[start:end] for start, end in itertools.pairwise(cuts)]


def _frame_ends(body: bytes) -> list[int]:
    """Amazon's event stream: each message starts with its length, four bytes, big-endian."""
    ends: list[int] = []
    position = 0
    while position + 16 <= len(body):
        length = int.from_bytes(body[position : position + 4], "big")
        if length < 16 or position + length > len(body):
            break
        position += length
        ends.append(position)
    return ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a multipart body."""

    headers: Headers
    name: str
    filename: str | None
    content: bytes


STORED_BOUNDARY = "replay-boundary"
"""The boundary of every recorded multipart body: clients draw another one for each request."""

_BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)
_NAME = re.compile(r'(?<![a-z])name="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_FILENAME = re.compile(r'filename="((?:[^"\\]|\\.)*)"', re.IGNORECASE)


def boundary(headers: Headers) -> str | None:
    """The boundary that the content type of a multipart body names."""
    if not media_type(headers).startswith("multipart/"):
        return None
    found = _BOUNDARY.search(header(headers, "content-type") or "")
    return found[1].strip() if found else None


def parse_multipart(headers: Headers, body: bytes) -> list[Part] | None:
    """The parts of a multipart body, or None if it is not one."""
    mark = boundary(headers)
    if mark is None:
        return None
    pieces = (b"\r\n" + body).split(b"\r\n--" + mark.encode())
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        return None
    parts = []
    for piece in pieces[1:-1]:
        head, blank, content = piece.partition(b"\r\n\r\n")
        if not blank:
            return None
        fields = tuple(
            (name.strip(), value.strip())
            for name, colon, value in (
                line.partition(":") for line in head.decode("utf-8", "replace").split("\r\n")
            )
            if colon
        )
        disposition = header(fields, "content-disposition") or ""
        name, filename = _NAME.search(disposition), _FILENAME.search(disposition)
        parts.append(
            Part(
                headers=fields,
                name=name[1] if name else "",
                filename=filename[1] if filename else None,
                content=content,
            )
        )
    return parts


def write_multipart(parts: list[Part], mark: str) -> bytes:
    """A multipart body with the boundary `mark`."""
    out = []
    for part in parts:
        head = "".join(f"{name}: {value}\r\n" for name, value in part.headers)
        out.append(b"--%s\r\n%s\r\n%s\r\n" % (mark.encode(), head.encode(), part.content))
    return b"".join([*out, b"--%s--\r\n" % mark.encode()])


def parse_form(headers: Headers, body: bytes) -> list[tuple[str, str]] | None:
    """The fields of a URL-encoded form in the order of the body, or None if it is not one."""
    if media_type(headers) != "application/x-www-form-urlencoded":
        return None
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body))
    except ValueError:
        return None


_FORM = re.compile(rb"[\w.%+*\[\]-]+=[\w.%+*~:/@!$,()'-]*(?:&[\w.%+*\[\]-]+=[\w.%+*~:/@!$,()'-]*)*")


def looks_like_form(body: bytes) -> bool:
    """Whether a body is a URL-encoded form by its text, whatever its content type says."""
    return b"=" in body[:_LONGEST_NAME] and _FORM.fullmatch(body) is not None


_LONGEST_NAME = 200


_PRINTABLE = bytes(b"\t\n\r".find(one) >= 0 or 0x20 <= one < 0x7F for one in range(256))
_SHORTEST_RUN = b"\x01" * 8


def printable_runs(body: bytes) -> Iterator[tuple[int, int]]:
    """Where the texts begin and end in a body that is none, such as an image: all the rest of it
    need not be searched.
    """
    # A regular expression takes seven times as long for a photograph.
    marks = body.translate(_PRINTABLE)
    start = marks.find(_SHORTEST_RUN)
    while start >= 0:
        end = marks.find(b"\x00", start)
        end = len(body) if end < 0 else end
        yield start, end
        start = marks.find(_SHORTEST_RUN, end)


def is_binary(body: bytes) -> bool:
    """Whether a body is no text in any encoding but by chance."""
    if b"\x00" not in body:
        return False
    try:
        body.decode()
    except UnicodeDecodeError:
        return True
    return False


def text_encodings(body: bytes) -> list[str]:
    """The encodings in which a body may hold text. Each gives every byte back, or fails."""
    try:
        body.decode()
    except UnicodeDecodeError:
        plain = "latin-1"
    else:
        plain = "utf-8"
    # Every other byte of most texts is zero in UTF-16; which one differs with its order.
    wide = ["utf-16-le", "utf-16-be"] if b"\x00" in body and len(body) % 2 == 0 else []
    return [*wide, plain]
