"""Which columns of a table hold secrets, by their headings, and which of the values are some."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence

from personalvibe.replay.redaction.assignment_forms import Trust
from personalvibe.replay.redaction.assignments import is_secret_value

IsSecret = Callable[[str], bool]
"""Whether what has a name is a secret."""

Columns = dict[int, tuple[str, Trust]]
"""By their places in a row: what they are called, and how much their values are believed."""

_HEADING = re.compile(r"(?P<name>\w[\w .#/-]{0,40}?)[:*]{0,3}\s{0,2}(?:\([^()]{0,20}\))?")
_AROUND_HEADING = " \t\r\n\"'`*_\\[]\ufeff"
_AROUND_VALUE = " \t\r\n\"'`\\[]"
_PASSWORD = re.compile(r"(?i).*(?:passw(?:or)?d|pwd|pass|passphrase|passcode)(?:[ _-]?value)?")
_WAY_IN = re.compile(
    r"(?i).*(?:auth\w*|credentials?|assertion|cookie|bearer|csrf|token|dsn|jwt|otp)"
)
"""Columns that say in which way somebody logs in more often than with what."""
_TOKEN = re.compile(r"(?i)(?:.*[ _-])?token")
_JSON = re.compile(r"[\"']\s*:|[\[{]\\*[\"'\[{]|[\"'\]}]\s*[\]}]")
"""What stands between the values of JSON: its commas part no cells of a table."""
_WORDS = re.compile(r"[A-Za-z]+(?:[-_ ./]+[A-Za-z]+)*")


def named(cell: str, is_secret: IsSecret) -> str:
    """What a heading calls the secrets below or beside it; empty if it names none."""
    found = _HEADING.fullmatch(cell.strip(_AROUND_HEADING))
    if found is None:
        return ""
    name = found["name"].strip().replace(" ", "_")
    # In JSON it is often a piece of text, in a table mostly a credential.
    return name if is_secret(name) or _TOKEN.fullmatch(name) else ""


def columns(headings: Sequence[str], is_secret: IsSecret, *, exact: bool) -> Columns:
    """Those of a table; none if the cells are no headings, but words of a sentence, or code.

    Args:
        exact: a file that keeps its cells apart in this way holds nothing else than a table.
    """
    names = [cell.strip(_AROUND_HEADING) for cell in headings]
    if not all(map(_HEADING.fullmatch, names)):
        return {}
    found = ((place, named(cell, is_secret)) for place, cell in enumerate(headings))
    return {place: (name, _trust(name, exact=exact)) for place, name in found if name}


def _trust(name: str, *, exact: bool) -> Trust:
    if _PASSWORD.fullmatch(name):
        return Trust.ANY if exact else Trust.NO_WORD
    return Trust.DRAWN if _WAY_IN.fullmatch(name) or not exact else Trust.NO_IDENTIFIER


def in_columns(cells: Sequence[str], within: Columns, width: int) -> Iterator[tuple[int, str]]:
    """The secrets of a row, by their places. One of another width may be no row at all."""
    for place, (name, trust) in within.items():
        if place < len(cells):
            value = cells[place].strip(_AROUND_VALUE)
            doubtful = len(cells) != width or (trust is not Trust.ANY and " " in value)
            if not _JSON.search(value) and is_secret_value(
                name, value, Trust.DRAWN if doubtful else trust
            ):
                yield place, value


def beside_names(cells: Sequence[str], is_secret: IsSecret) -> Iterator[str]:
    """The secrets of a row that has their names in it: ``| password | ... |``."""
    for cell, beside in itertools.pairwise(cells):
        value = beside.strip(_AROUND_VALUE)
        if (
            not _WORDS.fullmatch(value)
            and not _JSON.search(value)
            and (name := named(cell, is_secret))
        ):
            trust = Trust.NO_WORD if _PASSWORD.fullmatch(name) else Trust.DRAWN
            if " " not in value and is_secret_value(name, value, trust):
                yield value
