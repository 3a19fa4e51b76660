"""What Python prints of its data, as JSON: ``{'headers': {'X-Team': '...'}, 'tools': None}``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from personalvibe.replay.redaction.readings import Mark, Reading

_START = re.compile(r"[\[{(]\s{0,80}(?:[\[{(]\s{0,80}){0,3}[rbu]?'")
_TOKEN = re.compile(
    r"\"(?:[^\"\\\n]|\\.)*\"(?=\s*[,:\]})])|"
    # An apostrophe of prose has a letter before it, or nothing of Python after what follows it.
    r"(?<![\w)\]}])[rbu]?'(?P<string>(?:[^'\\\n]|\\.)*)'(?=\s*[,:\]})])|"
    r"\b(?P<constant>True|False|None)\b|(?P<open>(?<!\w)\()|(?P<close>\))|(?P<last>,(?=\s{0,80}[\])}]))"
)
_MEANT = {"True": "true", "False": "false", "None": "null", "(": "[", ")": "]", ",": ""}
_IN_STRING = re.compile(r"\"|\\'|\\x(?P<code>[0-9a-f]{2})")


def may_be_python(text: str) -> bool:
    return "'" in text and _START.search(text) is not None


def as_json(reading: Reading) -> Reading:
    """A text in which Python's literals are JSON."""
    return reading.read(_marks(reading.text))


def _marks(text: str) -> Iterator[Mark]:
    for token in _TOKEN.finditer(text):
        if token["string"] is not None:
            start, end = token.span("string")
            yield Mark(token.start(), start, '"')
            for special in _IN_STRING.finditer(text, start, end):
                yield Mark(*special.span(), _escaped(special))
            yield Mark(end, token.end(), '"')
        elif token.lastgroup:
            yield Mark(*token.span(), _MEANT[token[0]])


def _escaped(special: re.Match[str]) -> str:
    if special["code"]:
        return f"\\u00{special['code']}"
    return "'" if special[0] == "\\'" else '\\"'
