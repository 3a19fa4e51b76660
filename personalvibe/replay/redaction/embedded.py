"""JSON in the middle of a text: rows in a prompt, a log's objects, JSON in a string of JSON.

What has its place there is looked for in what the JSON says, whatever the number of backslashes
before its quotes, and hidden where the text spells it.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from personalvibe.replay.model import JsonValue
from personalvibe.replay.redaction.shapes import PLACEHOLDER, Hit

_START = re.compile(
    r"[\[{](?:\\{0,63}[nrt]|\s){0,80}(?:[\[{](?:\\{0,63}[nrt]|\s){0,80}){0,3}(?P<slashes>\\{0,63})\""
)
_IN_STRING = re.compile(r"(?:[^\"\\]|\\[\s\S])*+")
_ESCAPE = re.compile(r"\\([\"\\/bfnrt])")
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_DECODER = json.JSONDecoder(strict=False)
_TIMES = 4
"""How often a text may be gone through in vain: an opening bracket need not be one of JSON."""
_PIECE = 2_048
_LONGEST_WORD = len("\\u0000") * 2
"""What may be cut in two at the end of a piece."""
_LEVELS = 6
_SHORTEST = 4
_SHAPE = "a secret in JSON"
_AROUND = r"(?:(?<!\w)|(?<=\\[nrt])){}(?!\w|\\*[\"']\s*:)"

Redact = Callable[[JsonValue], JsonValue]


def may_embed(text: str) -> bool:
    return ("{" in text or "[" in text) and _START.search(text) is not None


def embedded_secrets(text: str, redact: Redact) -> Iterator[Hit]:
    """What `redact` hides in the JSON that a text holds; as a string, in what is escaped there."""
    position = 0
    left = _TIMES * len(text)
    while left > 0 and (found := _START.search(text, position)):
        start = found.start()
        document, end = _unescaped(text, start) if found["slashes"] else _decoded(text, start)
        if document is None:
            left -= end - start
            position = start + 1
            continue
        changed = redact(document)
        # Shorter ones are words of the text as well; what has a name is hidden by that.
        values = {value for value in _hidden(document, changed) if len(value) >= _SHORTEST}
        hits = [_spelled(text, start, end, value) for value in values]
        if all(hits):
            yield from itertools.chain.from_iterable(hits)
        else:
            # Its letters are written as escapes.
            yield Hit(start, end, _SHAPE, _written(changed))
        position = end


def _decoded(text: str, start: int) -> tuple[JsonValue, int]:
    """The JSON that begins there, and where it ends; None, and how far it was tried.

    In pieces: to say where an error is, the library goes through all that comes before it.
    """
    size = _PIECE
    while True:
        piece = text[start : start + size]
        try:
            document, end = _DECODER.raw_decode(piece)
        except json.JSONDecodeError as error:
            # A string without an end is reported where it begins.
            cut = error.msg.startswith("Unterminated") or error.pos > len(piece) - _LONGEST_WORD
            if not cut or start + size >= len(text):
                return None, start + (len(piece) if cut else error.pos)
            size *= 8
        except (ValueError, RecursionError):
            return None, start + len(piece)
        else:
            return document, start + end


def _unescaped(text: str, start: int) -> tuple[JsonValue, int]:
    """What the string means in which escaped JSON begins, to its end."""
    found = _IN_STRING.match(text, start)
    end = found.end() if found else start
    return _ESCAPE.sub(lambda one: _ESCAPES.get(one[1], one[1]), text[start:end]), end


def _hidden(before: Any, after: Any) -> Iterator[str]:
    """The texts of a document that are not in it any more."""
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name, value in before.items():
            if name in after:
                yield from _hidden(value, after[name])
    elif isinstance(before, list) and isinstance(after, list):
        for value, other in zip(before, after, strict=False):
            yield from _hidden(value, other)
    elif isinstance(before, str) and isinstance(after, str):
        yield from _hidden_in_text(before, after)


def _hidden_in_text(before: str, after: str) -> Iterator[str]:
    if before[:1] in ("{", "[") and after[:1] == before[:1]:
        (document, end), (other, _) = (_decoded(one, 0) for one in (before, after))
        if document is not None and other is not None and end == len(before):
            yield from _hidden(document, other)
            return
    position = 0
    kept = after.split(PLACEHOLDER)
    for number, piece in enumerate(kept):
        last = number == len(kept) - 1
        start = len(before) - len(piece) if last else before.find(piece, position)
        if start < position:
            return
        if number:
            yield before[position:start]
        position = start + len(piece)


def _written(document: JsonValue) -> str:
    text = json.dumps(document, ensure_ascii=False)
    return text[1:-1] if isinstance(document, str) else text


def _spelled(text: str, start: int, end: int, value: str) -> list[Hit]:
    """Where a part of a text has a value, or what it is in JSON, in JSON in JSON..."""
    for _ in range(_LEVELS):
        pattern = re.compile(_AROUND.format(re.escape(value)))
        hits = [Hit(*match.span(), _SHAPE) for match in pattern.finditer(text, start, end)]
        escaped = json.dumps(value, ensure_ascii=False)[1:-1]
        if hits or escaped == value:
            return hits
        value = escaped
    return []
