"""Secrets inside of base64: a credential file in a prompt, a settings file that was uploaded."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator

from personalvibe.replay.redaction.shapes import Hit

_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{40,}={0,2}")
_HEAD = 64
_MOST = 1_000_000
_TEXT = re.compile(rb"[\t\n\r\x20-\x7e\x80-\xff]+")


def may_be_packed(text: str) -> bool:
    return _BASE64.search(text) is not None


def packed_secrets(text: str, is_secret: Callable[[str], bool]) -> Iterator[Hit]:
    """The base64 in a text that holds text in which `is_secret` finds something."""
    for match in _BASE64.finditer(text):
        plain = _decoded(match[0][:_HEAD]) if len(match[0]) <= _MOST else b""
        # Images and sound show in their first bytes that they are no text.
        if _TEXT.fullmatch(plain) and is_secret(_decoded(match[0]).decode("utf-8", "replace")):
            yield Hit(*match.span(), "a secret in base64")


def _decoded(text: str) -> bytes:
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(
            plain[: len(plain) - (len(plain) % 4 == 1)] + "=" * (-len(plain) % 4)
        )
    except (binascii.Error, ValueError):
        return b""
