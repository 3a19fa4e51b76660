"""Secrets in tables of JSON: headings once, and the rows of cells below or beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from personalvibe.replay.model import JsonValue
from personalvibe.replay.redaction.columns import Columns, IsSecret, columns, in_columns
from personalvibe.replay.redaction.shapes import PLACEHOLDER

_NAMES = ("name", "title", "field", "label")
"""What holds a column's heading, where more is said of it."""
_VALUES = ("v", "value")
"""What holds a cell's value."""
_CELLS = ("f", "c", "cells", "values")
"""What holds a row's cells."""


def without_columns(value: JsonValue, is_secret: IsSecret) -> JsonValue:
    """A value whose rows hold no secret; the same object if it is no table, or holds none."""
    if isinstance(value, list):
        return below_headings(value, is_secret)
    if isinstance(value, dict):
        for headings in filter(None, map(_headings, _columns_of(value))):
            if within := columns(headings, is_secret, exact=True):
                return {
                    name: _rows(rows, within, len(headings)) if isinstance(rows, list) else rows
                    for name, rows in value.items()
                }
    return value


def below_headings(rows: list[JsonValue], is_secret: IsSecret) -> list[JsonValue]:
    """Rows, the first of which may be one of headings, without secrets."""
    headings = _headings(rows[0]) if rows else ()
    # Two cells may be a name and its value.
    within = columns(headings, is_secret, exact=len(headings) > 2)
    return [rows[0], *_rows(rows[1:], within, len(headings))] if within else rows


def _columns_of(table: dict[str, JsonValue]) -> Iterator[JsonValue]:
    """What may be a table's headings, perhaps one deeper: ``schema.fields``."""
    for value in table.values():
        yield value
        if isinstance(value, dict):
            yield from value.values()


def _headings(value: JsonValue) -> Sequence[str]:
    if not isinstance(value, list):
        return ()
    found = [_heading(one) for one in value]
    return [one for one in found if one is not None] if None not in found else ()


def _heading(value: JsonValue) -> str | None:
    if isinstance(value, dict):
        value = next((value[name] for name in _NAMES if name in value), None)
    return value if isinstance(value, str) else None


def _rows(rows: list[JsonValue], within: Columns, width: int) -> list[JsonValue]:
    return [_row(row, within, width) for row in rows]


def _row(row: JsonValue, within: Columns, width: int) -> JsonValue:
    if isinstance(row, dict):
        changed = {name: _row(row[name], within, width) for name in _CELLS if name in row}
        return {**row, **changed} if changed else row
    if not isinstance(row, list) or len(row) != width:
        return row
    texts = [text if isinstance(text := _content(cell), str) else "" for cell in row]
    hidden = {place for place, _ in in_columns(texts, within, width)}
    return [_hide(cell) if place in hidden else cell for place, cell in enumerate(row)]


def _content(cell: JsonValue) -> JsonValue:
    return (
        next((cell[name] for name in _VALUES if name in cell), "")
        if isinstance(cell, dict)
        else cell
    )


def _hide(cell: JsonValue) -> JsonValue:
    if not isinstance(cell, dict):
        return PLACEHOLDER
    return {name: PLACEHOLDER if name in _VALUES else value for name, value in cell.items()}
