"""Changes -> edits, by libcst, one statement of the module (or method of a class) at a time.

What no change touches is not parsed, so outside of the edited statements every byte stays.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

from codemods.migrate_openai.model import Edit
from codemods.migrate_openai.rewrite.changes import (
    Change,
    Replace,
    ReplaceStatement,
    Span,
)
from codemods.migrate_openai.rewrite.edits import Rewritten, applied, line_edits, moved
from codemods.migrate_openai.rewrite.errors import RefusedError, UnprintableError
from codemods.migrate_openai.rewrite.positions import Text, first_line, last_line
from codemods.migrate_openai.rewrite.transformer import Transformer

_BLOCK = "if 1:"
"""What makes the lines of a method a block of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """Whole lines of the text that are parsed together."""

    span: Span
    lines: Span
    is_method: bool = False


def rewrite(
    text: Text, tree: ast.Module, changes: Sequence[Change], watched: Iterable[int] = ()
) -> Rewritten:
    """Make all changes. Raises `UnprintableError`, or `RefusedError` where two changes overlap."""
    _check_overlap(changes)
    watched = sorted(set(watched))
    edits: list[Edit] = []
    landed: dict[int, int] = {}
    unprintable: set[int] = set()
    delta = 0
    for piece, inside in _pieces(text, tree, changes):
        start, end = piece.span
        here = [offset for offset in watched if start <= offset < end]
        done = _rewritten(text, piece, inside, here)
        if done is None:
            unprintable.update(range(piece.lines.start, piece.lines.end + 1))
            continue
        new, places = done
        edits += line_edits(text.text[start:end], new, start)
        landed.update({old: start + delta + at for old, at in places.items()})
        delta += len(new) - (end - start)
    if unprintable:
        raise UnprintableError(frozenset(unprintable))
    places = {offset: landed.get(offset, moved(offset, edits)) for offset in watched}
    return Rewritten(text=applied(text.text, edits), edits=tuple(edits), places=places)


def _check_overlap(changes: Iterable[Change]) -> None:
    """What stands in an expression that is replaced cannot be changed as well."""
    spans = sorted({change.span for change in changes if isinstance(change, Replace)})
    starts = [span.start for span in spans]
    for outer, inner in pairwise(spans):
        if inner.start < outer.end:
            raise RefusedError(f"two changes overlap at offset {inner.start}")
    for change in changes:
        index = bisect_right(starts, change.span.start) - 1
        if index >= 0 and change.span != spans[index] and change.span.end <= spans[index].end:
            raise RefusedError(f"two changes overlap at offset {change.span.start}")


# -- pieces


def _pieces(
    text: Text, tree: ast.Module, changes: Iterable[Change]
) -> Iterator[tuple[_Piece, list[Change]]]:
    """The pieces that hold changes, in order, with the changes of each."""
    units = _units(text, tree.body)
    starts = [text.line_span(lines.start).start for lines, _ in units]
    by_unit: dict[int, list[Change]] = defaultdict(list)
    for change in sorted(changes, key=lambda change: change.span):
        by_unit[max(0, bisect_right(starts, change.span.start) - 1)].append(change)
    found: list[tuple[_Piece, list[Change]]] = []
    for index, inside in by_unit.items():
        lines, statements = units[index]
        methods = _methods(text, statements, inside)
        if methods:
            found += methods
            continue
        whole = {text.span(statement) for statement in statements}
        goes = any(isinstance(c, ReplaceStatement) and c.span in whole for c in inside)
        span = text.line_span(*lines)
        if goes:
            # The gaps around a statement that goes are part of the decision.
            above = text.line_span(*units[index - 1][0]).end if index else 0
            below = starts[index + 1] if index + 1 < len(units) else len(text.text)
            span = Span(above, below)
            if found and found[-1][0].span.end >= above and not found[-1][0].is_method:
                before, others = found.pop()
                span = Span(before.span.start, below)
                lines = Span(before.lines.start, lines.end)
                inside = others + inside
        elif found and found[-1][0].span.end > span.start:
            before, others = found.pop()
            span = Span(before.span.start, span.end)
            lines = Span(before.lines.start, lines.end)
            inside = others + inside
        found.append((_Piece(span=span, lines=lines), inside))
    yield from found


def _units(text: Text, body: Sequence[ast.stmt]) -> list[tuple[Span, list[ast.stmt]]]:
    """(first and last line, statements): statements that share a line belong together."""
    units: list[tuple[Span, list[ast.stmt]]] = []
    for statement in body:
        lines = Span(first_line(statement), last_line(statement))
        if units and lines.start <= units[-1][0].end:
            units[-1][1].append(statement)
            units[-1] = (Span(units[-1][0].start, lines.end), units[-1][1])
        else:
            units.append((lines, [statement]))
    return units


def _methods(
    text: Text, statements: Sequence[ast.stmt], changes: Iterable[Change]
) -> list[tuple[_Piece, list[Change]]]:
    """The methods that hold the changes of a class; none where something else holds one."""
    if len(statements) != 1 or not isinstance(statements[0], ast.ClassDef):
        return []
    units = _units(text, statements[0].body)
    found: dict[Span, tuple[_Piece, list[Change]]] = {}
    starts = [text.line_span(lines.start).start for lines, _ in units]
    for change in changes:
        index = bisect_right(starts, change.span.start) - 1
        if index < 0 or len(units[index][1]) > 1:
            return []
        lines, [method] = units[index]
        span = text.line_span(*lines)
        is_method = isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef))
        if not is_method or change.span.end > span.end or change.span == text.span(method):
            return []
        if lines.start == statements[0].lineno:
            return []
        piece = _Piece(span=span, lines=lines, is_method=True)
        found.setdefault(span, (piece, []))[1].append(change)
    return list(found.values())


# -- one piece


def _rewritten(
    text: Text, piece: _Piece, changes: Iterable[Change], watched: Collection[int]
) -> tuple[str, dict[int, int]] | None:
    """The new lines, and where watched offsets stand in them; None where libcst cannot."""
    start, end = piece.span
    source = text.text[start:end]
    prefix = _BLOCK + text.newline if piece.is_method else ""
    try:
        module = cst.parse_module(prefix + source)
    except (cst.ParserSyntaxError, RecursionError):
        return None
    if module.code != prefix + source:
        return None
    wide = None if source.isascii() else source
    base = len(prefix) - start

    def byte(offset: int) -> int:
        if wide is None:
            return offset + base
        return len(prefix) + len(wide[: offset - start].encode())

    by_span: dict[Span, list[Change]] = defaultdict(list)
    for change in changes:
        by_span[Span(byte(change.span.start), byte(change.span.end))].append(change)
    spans = MetadataWrapper(module, unsafe_skip_copy=True).resolve(ByteSpanPositionProvider)
    places = {byte(offset): offset for offset in watched}
    transformer = Transformer(
        module, spans, by_span, places, opens=start == 0, ends=end == len(text.text)
    )
    new = module.visit(transformer)
    missed = [change for waiting in transformer.pending.values() for change in waiting]
    if missed:
        raise RefusedError(f"no node for a change at offset {missed[0].span.start}")
    return new.code[len(prefix) :], _places(new, transformer, places, len(prefix))


def _places(
    module: cst.Module, transformer: Transformer, watched: dict[int, int], prefix: int
) -> dict[int, int]:
    if not transformer.landed:
        return {}
    spans = MetadataWrapper(module, unsafe_skip_copy=True).resolve(ByteSpanPositionProvider)
    code = module.code
    data = None if code.isascii() else code.encode()
    found: dict[int, int] = {}
    for place, node in transformer.landed.items():
        if (span := spans.get(node)) is not None:
            at = span.start if data is None else len(data[: span.start].decode())
            found[watched[place]] = at - prefix
    return found
