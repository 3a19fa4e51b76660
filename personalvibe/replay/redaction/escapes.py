"""A text as it is meant whose marks are spelled otherwise: HTML's entities, the percent signs of
addresses, JavaScript's escapes, and each of them within the others.

What is found in it is hidden where the text spells it.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from personalvibe.replay.redaction.shapes import Hit

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
    # A blank of a form, which has other escapes beside it.
    r"\+(?:(?<=%[0-9a-f]{2}\+)|(?=%))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One time that escapes were replaced by what they mean."""

    text: str
    ends: Sequence[int]
    """Where what an escape means ends, in `text`."""
    sources: Sequence[int]
    """Where these escapes end in what was read."""
    spelled: Mapping[str, str]

    def source(self, position: int) -> int:
        number = bisect_right(self.ends, position) - 1
        return self.sources[number] + position - self.ends[number]

    def hit(self, hit: Hit) -> Hit:
        replacement = "".join(self.spelled.get(one, one) for one in hit.replacement)
        return Hit(self.source(hit.start), self.source(hit.end), hit.shape, replacement)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unescaped:
    """What a text means."""

    text: str
    steps: tuple[_Step, ...]

    def spelled(self, hit: Hit) -> Hit:
        """Where the text itself spells what was found."""
        for step in reversed(self.steps):
            hit = step.hit(hit)
        return hit


def may_be_escaped(text: str) -> bool:
    return bool(
        ("&" in text and _MARK_OF_HTML.search(text))
        or ("%" in text and _MARK_OF_ADDRESS.search(text))
        or ("\\" in text and _MARK_OF_SCRIPT.search(text))
    )


def unescaped(text: str) -> Iterator[Unescaped]:
    """What a text means, if that is another text: level by level, to the innermost."""
    steps: tuple[_Step, ...] = ()
    while len(steps) < _LEVELS and may_be_escaped(text):
        step = _step(text)
        if step.text == text:
            return
        text, steps = step.text, (*steps, step)
        yield Unescaped(text=text, steps=steps)


def _step(text: str) -> _Step:
    pieces: list[str] = []
    ends, sources = [0], [0]
    spelled: dict[str, str] = {}
    length = 0
    for escape in _ESCAPE.finditer(text):
        meant = _meant(escape[0])
        pieces += [text[sources[-1] : escape.start()], meant]
        length += escape.start() - sources[-1] + len(meant)
        ends.append(length)
        sources.append(escape.end())
        if not meant.isalnum():
            spelled[meant] = escape[0]
    pieces.append(text[sources[-1] :])
    return _Step(text="".join(pieces), ends=ends, sources=sources, spelled=spelled)


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
