"""Secrets in a text's tables: CSV, tabs, Markdown, psql, columns of blanks, HTML, SQL's inserts."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from personalvibe.replay.redaction.assignment_forms import Trust
from personalvibe.replay.redaction.assignments import is_secret_value
from personalvibe.replay.redaction.columns import (
    Columns,
    IsSecret,
    beside_names,
    columns,
    in_columns,
)
from personalvibe.replay.redaction.shapes import Hit, lower_case

_STEM = re.compile(
    r"pass(?:w|phrase|code)|pwd|secret|token|key|credential|bearer|jwt|otp|auth|conn|dsn"
)
_BREAK = re.compile(r"\r?\n|\r|(?<!\\)\\++(?:r\\++n|n)")
"""Between lines, also of a text that stands in JSON in a string. Each run of backslashes is tried
once: a body of nothing else would take the square of its length."""
_LONGEST_LINE = 2_000
_MOST_LINES = 20
"""Of a row whose cells in quotes run over several; a quote that nobody closes is only that."""
_RULE = re.compile(r"[-=+|: \t]+")
_STROKE = re.compile(r"[-=+]{2}")
_HTML_TABLE = re.compile(r"(?i)<table\b|\Z")
_HTML_ROW = re.compile(
    r"(?is)<(?:tr|dt)\b[^<>]{0,400}>.{0,20000}?(?=<\\*/tr\b|<\\*/dd\b|<tr\b|<\\*/table\b|\Z)"
)
_HTML_CELL = re.compile(r"(?is)<(?:t[hd]|d[td])\b[^<>]{0,400}>(.*?)(?=<\\*/?(?:t[hd]|d[td])\b|\Z)")
_INSERT = re.compile(
    r"(?i)\binsert\s+into\s+[^\s()]{1,200}\s*\(([^()]{1,2000})\)\s*values\s*(?=\()"
)
_INSERTED = re.compile(r"\(((?:'(?:[^']|'')*'|[^()'])*+)\)\s*,?\s*")
_LATEX_END = re.compile(
    r"\\\\(?:\*|\[[^\]\n]{0,40}\]|(?=\s|\\[a-z]|\Z))|\\(?:tabularnewline|cr|end)\b|\n[ \t]*\n"
)
"""Of a row, or of the table: its last row often has no end of its own."""
_LATEX_BETWEEN = re.compile(r"(?<!\\)&")
_LATEX_LAST = re.compile(r"\s*[^\n]{1,2000}")
"""A row whose end is left out, as that of a table's last often is."""
_LATEX_COMMAND = re.compile(
    r"\\multi(?:column|row)\{[^{}]{0,40}\}\{[^{}]{0,40}\}|\\[a-zA-Z]{1,30}\*?(?:\[[^\]\n]{0,40}\])?"
)
_NO_HEADING = ("", Trust.DRAWN)
_AROUND_CELL = " \t\r\n\"'`|,;\ufeff"
_TAG = re.compile(r"<[^<>]*>")


class _Kind(Enum):
    """How the cells of a line are kept apart."""

    PIPE = re.compile(r"(?<!\\)\|")
    TAB = re.compile(r"\t|(?<!\\)\\++t")
    SEMICOLON = re.compile(";")
    COMMA = re.compile(",")
    GAP = re.compile(" {2,}")


_CSV = frozenset((_Kind.SEMICOLON, _Kind.COMMA))


class _Row(NamedTuple):
    start: int
    end: int
    cells: Sequence[str]


def table_secrets(text: str, is_secret: IsSecret) -> Iterator[Hit]:
    """The values in columns, or beside the first cell of a row, that are called a secret."""
    if "\0" in text:
        return  # no text at all
    first = len(text) - len(text.lstrip())
    end = -1
    for stem in _STEM.finditer(lower_case(text)):
        if stem.start() < end:
            continue
        start, end = _line_around(text, stem.start())
        kind = _kind(text[start:end]) if end - start <= _LONGEST_LINE else None
        if kind is None or sum(map(bool, map(_only_cell, _cells(text[start:end], kind)))) < 2:
            alone = start <= first and " " not in text.strip()
            rows = _one_column(text, start, end, is_secret, alone=alone)
        else:
            # A sentence has a blank behind its commas.
            exact = kind is _Kind.TAB or (kind in _CSV and ", " not in text[start:end])
            rows = _in_rows(text, _rows(text, start, kind), is_secret, exact=exact)
        for row, hits in rows:
            end = max(end, row.end)
            yield from hits
    if "<" in text:
        yield from _in_html(text, is_secret)
    if "&" in text:
        yield from _in_latex(text, is_secret)
    for insert in _INSERT.finditer(text):
        for _, hits in _in_rows(text, _inserted(text, insert), is_secret, exact=True):
            yield from hits


def _one_column(
    text: str, start: int, end: int, is_secret: IsSecret, *, alone: bool
) -> Iterator[tuple[_Row, list[Hit]]]:
    """The lines below one that is nothing but a heading, as far as they are words.

    `alone`: there is nothing else in the text.
    """
    name, trust = columns([_only_cell(text[start:end])], is_secret, exact=False).get(0, _NO_HEADING)
    if not alone:
        trust = Trust.DRAWN  # words of a sentence stand below each other, too
    following = _BREAK.match(text, end) if name else None
    while following and following.end() < len(text):
        start, (end, _) = following.end(), _end_of_row(text, following.end(), quoted=False)
        value = _only_cell(text[start:end])
        if " " in value or not (value or alone):
            return
        row = _Row(start, end, [value])
        is_hidden = not _is_rule(value) and is_secret_value(name, value, trust)
        yield row, list(_hits(text, row, value)) if is_hidden else []
        following = _BREAK.match(text, end)


def _only_cell(line: str) -> str:
    return line.strip(_AROUND_CELL)


def _in_latex(text: str, is_secret: IsSecret) -> Iterator[Hit]:
    """Rows of cells between ``&``, each with two backslashes at its end."""
    rows = list(_rows_of_latex(text))
    end = -1
    for number, row in enumerate(rows):
        if row.start < end or not _STEM.search(lower_case(text[row.start : row.end])):
            continue
        below = (rows[place] for place in range(number, len(rows)))
        for following, hits in _in_rows(text, below, is_secret, exact=False):
            end = following.end
            yield from hits


def _rows_of_latex(text: str) -> Iterator[_Row]:
    start = 0
    for found in _LATEX_END.finditer(text):
        yield from _row_of_latex(text, max(start, found.start() - _LONGEST_LINE), found.start())
        start = found.end()
    if start and (last := _LATEX_LAST.match(text, start)):
        yield from _row_of_latex(text, *last.span())


def _row_of_latex(text: str, start: int, end: int) -> Iterator[_Row]:
    cells = _LATEX_BETWEEN.split(text[start:end])
    if len(cells) > 1:
        yield _Row(start, end, [_latex_cell(cell) for cell in cells])


def _latex_cell(cell: str) -> str:
    """What a cell shows. What comes before a table is on other lines than its first cell."""
    shown = _LATEX_COMMAND.sub("", cell).replace("\\_", "_").strip().rpartition("\n")[2]
    return shown.strip("{} |")


def _line_around(text: str, position: int) -> tuple[int, int]:
    first = max(0, position - _LONGEST_LINE)
    start = max(
        (
            at + len(mark)
            for mark in ("\n", "\r", "\\n")
            if (at := text.rfind(mark, first, position)) >= 0
        ),
        default=first,
    )
    found = _BREAK.search(text, position, position + _LONGEST_LINE)
    return start, found.start() if found else min(len(text), position + _LONGEST_LINE)


def _kind(line: str) -> _Kind | None:
    return next((kind for kind in _Kind if kind.value.search(line.strip())), None)


def _in_rows(
    text: str, rows: Iterable[_Row], is_secret: IsSecret, *, exact: bool
) -> Iterator[tuple[_Row, list[Hit]]]:
    """The rows of a table with what is secret in them; none if the first is no row of one."""
    within: Columns = {}
    width = 0
    for row in rows:
        values = set(beside_names(row.cells, is_secret))
        values.update(value for _, value in in_columns(row.cells, within, width))
        if not values and not within:
            within, width = columns(row.cells, is_secret, exact=exact), len(row.cells)
            if not within:
                return
        yield row, [hit for value in values for hit in _hits(text, row, value)]


def _hits(text: str, row: _Row, value: str) -> Iterator[Hit]:
    for spelled in {value, value.replace("_", "\\_")}:
        start = text.find(spelled, row.start, row.end)
        while start >= 0:
            yield Hit(start, start + len(spelled), "a secret in a table")
            start = text.find(spelled, start + len(spelled), row.end)


def _rows(text: str, start: int, kind: _Kind) -> Iterator[_Row]:
    """The rows of a table from a line on; it ends with a line that has one cell."""
    while start < len(text):
        end, following = _end_of_row(text, start, quoted=kind in _CSV)
        line = text[start:end]
        if not _is_rule(line):
            row = _Row(start, end, _cells(line, kind))
            if len(row.cells) < 2:
                return
            yield row
        start = following


def _is_rule(line: str) -> bool:
    """Is this a line around a table, or between its headings and its rows?"""
    return _RULE.fullmatch(line) is not None and _STROKE.search(line) is not None


def _end_of_row(text: str, start: int, *, quoted: bool) -> tuple[int, int]:
    """Where a row ends, and where the next begins."""
    ends: list[tuple[int, int]] = []
    for found in _BREAK.finditer(text, start):
        ends.append(found.span())
        if not quoted or text.count('"', start, found.start()) % 2 == 0:
            return ends[-1]
        if len(ends) == _MOST_LINES:
            return ends[0]
    return ends[0] if ends else (len(text), len(text))


def _cells(line: str, kind: _Kind) -> Sequence[str]:
    # A quote that nobody closes is a character like others.
    if kind in _CSV and line.count('"') % 2 == 0:
        return _of_csv(line, kind.value.pattern)
    line = line.strip(" ")
    if kind is _Kind.PIPE:
        line = line.strip("|")
    return kind.value.split(line)


def _of_csv(line: str, delimiter: str, quote: str = '"') -> Sequence[str]:
    lines = line.splitlines(keepends=True)
    try:
        return next(
            csv.reader(lines, delimiter=delimiter, quotechar=quote, skipinitialspace=True), ()
        )
    except csv.Error:  # a cell of more than the library allows
        return ()


def _inserted(text: str, insert: re.Match[str]) -> Iterator[_Row]:
    """The columns that an INSERT names, and its rows."""
    yield _Row(*insert.span(1), insert[1].split(","))
    start = insert.end()
    while found := _INSERTED.match(text, start):
        yield _Row(*found.span(), _of_csv(found[1], ",", "'"))
        start = found.end()


def _in_html(text: str, is_secret: IsSecret) -> Iterator[Hit]:
    start = 0
    for table in _HTML_TABLE.finditer(text):
        rows = (
            _Row(*found.span(), [_shown(cell[1]) for cell in _HTML_CELL.finditer(found[0])])
            for found in _HTML_ROW.finditer(text, start, table.start())
        )
        for _, hits in _in_rows(text, rows, is_secret, exact=False):
            yield from hits
        start = table.start()


def _shown(cell: str) -> str:
    return html.unescape(_TAG.sub("", cell)).strip()
