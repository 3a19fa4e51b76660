"""Notebooks: one Python text out of the code cells, edits back into the cells.

The cells of a notebook share one namespace, so they are migrated as one module. Of the file
only the JSON strings of edited cells' lines are written anew; every other byte stays.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]

from codemods.migrate_openai.errors import SourceError
from codemods.migrate_openai.files.ipython_magics import INDENTED, indented, mask
from codemods.migrate_openai.model import Edit

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_SEPARATOR = "\n"
_MENTIONS_OPENAI = re.compile(r"openai\s*\.\s*\w|import\s+openai|from\s+openai")
_INSTALLS = re.compile(r"\s*[!%]\s*(?:\w+\s+)*install\b.*\bopenai\b(?!-)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A code cell. ``start`` is the offset of its text in the notebook's Python text."""

    number: int
    """From 1, counting all cells, as an editor shows them."""
    source: str
    raw_start: int
    raw_end: int
    start: int
    first_line: int
    python: bool
    """False where the cell is in another language or cannot be parsed; it is blank then."""

    @property
    def end(self) -> int:
        return self.start + len(self.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """A parsed .ipynb file: its JSON text, its code cells, and their joint Python text."""

    raw: str
    cells: tuple[Cell, ...]
    text: str

    def locate(self, line: int) -> tuple[int, int]:
        """(cell number, line in it) of a line of ``text``; both from 1."""
        cell = self.cells[max(0, bisect_right([c.first_line for c in self.cells], line) - 1)]
        return cell.number, line - cell.first_line + 1

    @property
    def unread(self) -> tuple[Cell, ...]:
        """Cells that mention openai and could not be read as Python."""
        return tuple(c for c in self.cells if not c.python and _MENTIONS_OPENAI.search(c.source))

    @property
    def ends(self) -> tuple[int, ...]:
        """Where the cells end in the joint text, with what separates them from the next."""
        return tuple(cell.end + len(_SEPARATOR) for cell in self.cells)

    @property
    def installs(self) -> Iterator[tuple[int, int]]:
        """(cell number, line in it) of the shell commands that install openai; both from 1."""
        for cell in self.cells:
            for line, text in enumerate(cell.source.splitlines(), 1):
                if _INSTALLS.match(text):
                    yield cell.number, line


def read(raw: str) -> Notebook:
    """Parse a notebook. Raises `SourceError` where it is none, or too old a format."""
    try:
        found = list(_cells(raw))
    except (ValueError, IndexError, RecursionError) as error:
        raise SourceError(f"not a notebook: {error}") from error
    cells: list[Cell] = []
    parts: list[str] = []
    start = 0
    first_line = 1
    for number, source, raw_start, raw_end in found:
        masked = mask(source)
        if masked is not None and indented(source):
            parts.append(INDENTED)
            start += len(INDENTED)
            first_line += 1
        cells.append(
            Cell(
                number=number,
                source=source,
                raw_start=raw_start,
                raw_end=raw_end,
                start=start,
                first_line=first_line,
                python=masked is not None,
            )
        )
        part = _blank(source) if masked is None else masked
        parts.append(part + _SEPARATOR)
        start += len(part) + len(_SEPARATOR)
        first_line += part.count("\n") + 1
    return Notebook(raw=raw, cells=tuple(cells), text="".join(parts))


def apply(notebook: Notebook, edits: Sequence[Edit]) -> dict[int, str]:
    """Cell number -> its new source, by edits in order.

    Raises `SourceError` for an edit across cells.
    """
    sources = {cell.number: cell.source for cell in notebook.cells}
    for edit in reversed(edits):
        cell = _home(notebook, edit)
        sources[cell.number] = _edited(notebook, cell, edit, sources[cell.number])
    return {c.number: sources[c.number] for c in notebook.cells if sources[c.number] != c.source}


def write(notebook: Notebook, sources: dict[int, str]) -> str:
    """The JSON text with the sources of some cells, by number, replaced."""
    raw = notebook.raw
    for cell in reversed(notebook.cells):
        if cell.number in sources:
            old = raw[cell.raw_start : cell.raw_end]
            new = _encode(old, sources[cell.number], ascii_only=raw.isascii())
            raw = raw[: cell.raw_start] + new + raw[cell.raw_end :]
    return raw


def _home(notebook: Notebook, edit: Edit) -> Cell:
    """The cell that an edit falls into; the separator behind a cell counts as its end."""
    index = max(0, bisect_right([c.start for c in notebook.cells], edit.start) - 1)
    cell = notebook.cells[index]
    if edit.end > cell.end + len(_SEPARATOR):
        raise SourceError(f"cell {cell.number}: an edit would cross into the next")
    if cell.python:
        return cell
    # A line put in front of a cell in another language goes to the nearest Python cell.
    nearest = [c for c in notebook.cells[:index] if c.python][-1:]
    for candidate in nearest or [c for c in notebook.cells[index:] if c.python]:
        return candidate
    raise SourceError(f"cell {cell.number}: it is not Python")


def _edited(notebook: Notebook, cell: Cell, edit: Edit, source: str) -> str:
    """The cell's source with one edit made; edits come last first."""
    replacement = edit.replacement
    if edit.end < cell.start:
        start = end = 0
    elif edit.start > cell.end:
        start = end = len(cell.source)
    else:
        start, end = edit.start - cell.start, min(edit.end, cell.end) - cell.start
    if start == end == 0 and cell.source.startswith("%%"):
        start = end = cell.source.find("\n") + 1 or len(cell.source)
    if cell.source[start:end] != notebook.text[cell.start + start : cell.start + end]:
        raise SourceError(f"cell {cell.number}: an edit would change a magic")
    before, after = source[:start], source[end:]
    if not after and not source[start:end].endswith("\n"):
        # A cell ends without a newline, as the editors write it.
        replacement = replacement.removesuffix("\n")
        if not replacement and end > start:
            before = before.rstrip("\n")
        elif start == end and before and not before.endswith("\n"):
            replacement = "\n" + replacement.removeprefix("\n")
    return before + replacement + after


def _blank(source: str) -> str:
    return re.sub(r"[^\n]", " ", source)


def _cells(raw: str) -> Iterator[tuple[int, str, int, int]]:
    """(number, source, start and end of its JSON value) of every code cell."""
    top = dict(_members(raw, _skip(raw, 0)))
    if "cells" not in top:
        if "worksheets" in top:
            raise ValueError("notebook format 3 or older; convert it with jupyter nbconvert")
        raise ValueError("it has no cells")
    if not _is_python(raw, top):
        return
    for number, start in enumerate(_items(raw, top["cells"][0]), 1):
        cell = dict(_members(raw, start))
        if "source" not in cell or _value(raw, cell.get("cell_type")) != "code":
            continue
        source = _value(raw, cell["source"])
        if isinstance(source, list):
            source = "".join(map(str, source))
        if not isinstance(source, str):
            raise ValueError(f"cell {number} has a source that is no text")
        yield number, source, *cell["source"]


def _is_python(raw: str, top: dict[str, tuple[int, int]]) -> bool:
    metadata = _value(raw, top.get("metadata"))
    if not isinstance(metadata, dict):
        return True
    for section, key in (("language_info", "name"), ("kernelspec", "language")):
        part = metadata.get(section)
        if isinstance(part, dict) and isinstance(part.get(key), str):
            return part[key].lower() in {"python", "ipython", "python3"}
    return True


def _value(raw: str, span: tuple[int, int] | None) -> object:
    return None if span is None else _DECODER.raw_decode(raw, span[0])[0]


def _members(raw: str, start: int) -> Iterator[tuple[str, tuple[int, int]]]:
    """(key, span of the value) of the JSON object at ``start``."""
    if raw[start] != "{":
        raise ValueError("a JSON object was expected")
    position = _skip(raw, start + 1)
    while raw[position] != "}":
        key, position = scanstring(raw, position + 1)
        position = _skip(raw, position)
        if raw[position] != ":":
            raise ValueError("a colon was expected")
        position = _skip(raw, position + 1)
        _, end = _DECODER.raw_decode(raw, position)
        yield key, (position, end)
        position = _skip(raw, end)
        if raw[position] == ",":
            position = _skip(raw, position + 1)


def _items(raw: str, start: int) -> Iterator[int]:
    """The start of every item of the JSON array at ``start``."""
    if raw[start] != "[":
        raise ValueError("a JSON array was expected")
    position = _skip(raw, start + 1)
    while raw[position] != "]":
        yield position
        _, end = _DECODER.raw_decode(raw, position)
        position = _skip(raw, end)
        if raw[position] == ",":
            position = _skip(raw, position + 1)


def _skip(raw: str, position: int) -> int:
    found = _SPACE.match(raw, position)
    return found.end() if found else position


def _encode(old: str, source: str, *, ascii_only: bool) -> str:
    """``source`` as JSON in the manner of ``old``; a line that was there keeps its spelling."""
    if not old.startswith("["):
        return json.dumps(source, ensure_ascii=ascii_only)
    spelling: dict[str, str] = {}
    gaps: list[str] = []
    before = 1
    for start in _items(old, 0):
        value, end = _DECODER.raw_decode(old, start)
        spelling[value] = old[start:end]
        gaps.append(old[before:start])
        before = end
    if not gaps:
        gaps = [""]
    first = gaps[0]
    between = gaps[1] if len(gaps) > 1 else "," + first
    lines = [
        spelling.get(line) or json.dumps(line, ensure_ascii=ascii_only)
        for line in re.findall(r"[^\n]*\n|[^\n]+", source)
    ]
    if not lines:
        return "[]"
    return "[" + first + between.join(lines) + old[before:]
