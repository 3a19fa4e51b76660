"""Parts of a settings file in which every value is secret, whatever its name: the data of a
Kubernetes Secret, an INI or TOML section called ``[secrets]``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from personalvibe.replay.redaction.assignment_forms import Trust
from personalvibe.replay.redaction.assignments import is_secret_value
from personalvibe.replay.redaction.shapes import Hit

_KIND = re.compile(r"(?m)^kind:[ \t]*[\"']?Secret[\"']?[ \t\r]*$")
_BETWEEN_DOCUMENTS = re.compile(r"(?m)^(?:---|```).*$")
_DATA = re.compile(
    r"(?m)^(?P<indent>[ \t]*)(?:data|stringData):[ \t]*\r?\n"
    r"(?P<values>(?:(?P=indent)[ \t]+\S[^\n]*(?:\n|\Z)|[ \t\r]*\n)+)"
)
_SECTION = re.compile(
    r"(?mi)^[ \t]*\[{1,2}[\w. -]{0,40}(?:secrets?|passwords|credentials|tokens|api[_ -]?keys)"
    r"\]{1,2}[ \t\r]*\n"
    r"(?P<values>(?:(?![ \t]*\[)[^\n]*(?:\n|\Z))+)"
)
_LINE = re.compile(
    r"(?m)^[ \t]*(?P<name>[\w.\"'-]+)[ \t]*[:=][ \t]*(?:[|>][+-]?[ \t]*\r?\n[ \t]+)?[\"']?"
    r"(?P<v>[^\s\"'#][^\r\n\"']*)"
)


def block_secrets(text: str) -> Iterator[Hit]:
    """The values of all lines of such parts."""
    if "kind:" in text:
        for start, end in _documents(text):
            if _KIND.search(text, start, end):
                for data in _DATA.finditer(text, start, end):
                    yield from _values(text, *data.span("values"), Trust.ANY)
    for section in _SECTION.finditer(text):
        yield from _values(text, *section.span("values"), Trust.NO_WORD)


def _documents(text: str) -> Iterator[tuple[int, int]]:
    """Of the several that a file may hold."""
    start = 0
    for between in _BETWEEN_DOCUMENTS.finditer(text):
        yield start, between.start()
        start = between.end()
    yield start, len(text)


def _values(text: str, start: int, end: int, trust: Trust) -> Iterator[Hit]:
    for line in _LINE.finditer(text, start, end):
        if is_secret_value(line["name"], line["v"].strip(), trust):
            yield Hit(*line.span("v"), "a value of a secret")
