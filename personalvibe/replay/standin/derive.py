"""Everything in an answer follows from the request: ids, times, words, numbers."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

EPOCH = 1_767_225_600
"""2026-01-01T00:00:00Z: ``created`` stamps lie in the thirty days that follow."""

_TOKEN = re.compile(r"\s*\w{1,8}|\s*[^\w\s]|\s+")
_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class Seed:
    """A source of repeatable values, made from whatever determines the answer."""

    def __init__(self, *parts: Any) -> None:
        text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
        self._digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()

    def child(self, *parts: Any) -> Seed:
        return Seed(self._digest.hex(), *parts)

    def number(self, below: int, label: str = "") -> int:
        """An integer in ``range(below)``."""
        digest = hashlib.sha256(self._digest + label.encode()).digest()
        return int.from_bytes(digest[:8], "big") % below

    def fraction(self, label: str = "") -> float:
        return self.number(10**9, label) / 10**9

    def hex(self, length: int, label: str = "") -> str:
        return hashlib.shake_256(self._digest + label.encode()).hexdigest((length + 1) // 2)[
            :length
        ]

    def token(self, length: int, label: str = "") -> str:
        """Letters and digits, the look of a provider's id."""
        raw = hashlib.shake_256(self._digest + label.encode()).digest(length)
        return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in raw)

    def bytes(self, length: int, label: str = "") -> bytes:
        return hashlib.shake_256(self._digest + label.encode()).digest(length)

    @property
    def created(self) -> int:
        """Seconds since 1970."""
        return EPOCH + self.number(30 * 86_400, "created")

    def uuid(self, label: str = "") -> str:
        raw = self.hex(32, f"uuid{label}")
        return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-a{raw[17:20]}-{raw[20:]}"


def tokens(text: str) -> list[str]:
    """The text in pieces of about a token each; joined they give the text again."""
    return _TOKEN.findall(text)


def count(text: str) -> int:
    return len(tokens(text))


def sentence(seed: Seed, question: str) -> str:
    """The reply to a question: recognisable, repeatable, a few dozen tokens at most."""
    asked = " ".join(question.split())
    if len(asked) > 60:
        asked = asked[:57].rstrip() + "..."
    tail = f' You asked: "{asked}"' if asked else ""
    return f"This is reply {seed.hex(6, 'words')} of the stand-in.{tail}"


def vector(seed: Seed, dimensions: int) -> list[float]:
    """A unit vector."""
    raw = seed.bytes(dimensions * 2, "vector")
    values = [int.from_bytes(raw[i : i + 2], "big") / 32_767.5 - 1.0 for i in range(0, len(raw), 2)]
    norm = sum(value * value for value in values) ** 0.5 or 1.0
    return [round(value / norm, 8) for value in values]
