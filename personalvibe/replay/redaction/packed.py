"""Secrets inside of base64 or of an address' quoting: a credential file in a prompt, a settings
file that was uploaded, an address that an address is to return to.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Callable, Iterator
from urllib.parse import unquote_plus

from personalvibe.replay.redaction.shapes import Hit

_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{40,}={0,2}")
_QUOTED = re.compile(r"[\w.~+*!'()%-]+")
_QUOTED_MARKS = ("%3D", "%3d", "%3A", "%3a", "%22")
"""One of them stands between a name and its value."""
_BINARY = re.compile(r"(?:[\"\s]|base64,|\A)(?P<v>[A-Za-z0-9+/_-]{4096,}+)")
"""Long enough for an image. What comes before it spares a search at every letter of a text."""
_GZIP = b"\x1f\x8b"
_HEAD = 64
_MOST = 1_000_000
_TEXT = re.compile(rb"[\t\n\r\x20-\x7e\x80-\xff]+")


def without_binary(text: str) -> str:
    """A text without its images and sounds in base64, in which nothing is looked for."""
    return _BINARY.sub(lambda found: found[0] if _holds_text(found["v"]) else '"', text)


def _holds_text(base64_text: str) -> bool:
    head = _decoded(base64_text[:_HEAD])
    return head[:2] == _GZIP or _TEXT.fullmatch(head) is not None


def may_be_packed(text: str) -> bool:
    return _has_quoted(text) or _BASE64.search(text) is not None


def _has_quoted(text: str) -> bool:
    return "%" in text and any(mark in text for mark in _QUOTED_MARKS)


def packed_secrets(text: str, is_secret: Callable[[str], bool]) -> Iterator[Hit]:
    """What is packed in a text and holds text in which `is_secret` finds something."""
    if _has_quoted(text):
        for match in _QUOTED.finditer(text):
            if _has_quoted(match[0]) and is_secret(unquote_plus(match[0])):
                yield Hit(*match.span(), "a secret in an address")
    for match in _BASE64.finditer(text):
        plain = _unpacked(match[0]) if len(match[0]) <= _MOST else ""
        if plain and is_secret(plain):
            yield Hit(*match.span(), "a secret in base64")


def _unpacked(text: str) -> str:
    """The text that base64 holds, also within base64 or gzip; empty if it holds none."""
    head = _decoded(text[:_HEAD])
    if head[:2] == _GZIP:
        return _inflated(_decoded(text))
    # Images and sound show in their first bytes that they are no text.
    if not _TEXT.fullmatch(head):
        return ""
    plain = _decoded(text).decode("utf-8", "replace")
    return _unpacked(plain.strip()) if _BASE64.fullmatch(plain.strip()) else plain


def _inflated(packed: bytes) -> str:
    try:
        plain = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(packed, _MOST)
    except zlib.error:
        return ""
    return plain.decode("utf-8", "replace")


def _decoded(text: str) -> bytes:
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(plain[: len(plain) - (len(plain) % 4 == 1)] + "=" * (-len(plain) % 4))
