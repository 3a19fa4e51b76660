"""A text as it is meant whose marks are spelled otherwise: HTML's entities, the percent signs of
addresses, JavaScript's escapes, and each of them within the others.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from personalvibe.replay.redaction.readings import Mark, Reading

_LEVELS = 6
_ENTITY = r"&(?:amp;)*"
# Each run of backslashes is tried once: a body of nothing else would take the square of its length.
_CODE = r"\\(?<!\\\\)\\{0,62}(?:u00|x)"
# What stands between names and values, or around them.
_MARK_OF_HTML = re.compile(
    rf"(?i){_ENTITY}(?:quot|apos|lt|gt|colon|equals|newline|"
    r"#0*+(?:1[03]|3[49]|4[07]|58|6[0-24])|#x0*+(?:[ad]|2[278f]|3[ac-e]|40));"
)
_MARK_OF_ADDRESS = re.compile(r"(?i)%(?:25)*(?:0a|2[27]|3[ac-e])")
_MARK_OF_SCRIPT = re.compile(rf"(?i){_CODE}(?:0a|2[27]|3[ac-e])")
_ESCAPE = re.compile(
    rf"(?i){_ENTITY}(?:#(?:x[0-9a-f]{{1,8}}|[0-9]{{1,8}})|[a-z][a-z0-9]{{1,31}});|"
    r"%[c-f][0-9a-f](?:%[89ab][0-9a-f]){1,3}|%[0-9a-f]{2}|"
    rf"{_CODE}[0-7][0-9a-f]|"
    r"\+"
)


def may_be_escaped(text: str) -> bool:
    return bool(
        ("&" in text and _MARK_OF_HTML.search(text))
        or ("%" in text and _MARK_OF_ADDRESS.search(text))
        or ("\\" in text and _MARK_OF_SCRIPT.search(text))
    )


def unescaped(text: str) -> Iterator[Reading]:
    """What a text means, if that is another text: level by level, to the innermost."""
    reading = Reading(text=text)
    while len(reading.steps) < _LEVELS and may_be_escaped(reading.text):
        reading = reading.read(_marks(reading.text))
        yield reading


def _marks(text: str) -> Iterator[Mark]:
    quoted = _MARK_OF_ADDRESS.search(text) is not None
    for escape in _ESCAPE.finditer(text):
        # It is a blank only among what is quoted for an address.
        if escape[0] != "+" or quoted:
            yield Mark(*escape.span(), _meant(escape[0]))


def _meant(escape: str) -> str:
    if escape == "+":
        return " "
    if escape[0] == "&":
        return html.unescape("&" + escape.rpartition("amp;")[2].removeprefix("&"))
    if escape[0] == "\\":
        return chr(int(escape[-2:], 16))
    octets = bytes.fromhex(escape.replace("%", ""))
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")
