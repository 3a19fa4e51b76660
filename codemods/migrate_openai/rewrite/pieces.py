"""Which lines of a text are parsed together for a set of changes."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import TypeAlias

from codemods.migrate_openai.rewrite.changes import Change, ReplaceStatement, Span
from codemods.migrate_openai.rewrite.positions import Text, first_line, last_line

_Child: TypeAlias = tuple[int, ast.stmt, list[ast.stmt]]
"""Where a statement begins, the statement, and the block that it stands in."""
_beginning = itemgetter(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Whole lines of the text, and the changes in them."""

    span: Span
    lines: Span
    """The first and the last line, from 1, of its statements."""
    changes: tuple[Change, ...]
    is_indented: bool = False
    has_gaps: bool = False
    """Do the blank lines and comments around its statements belong to it?"""


def _joined(one: Piece, other: Piece) -> Piece:
    return replace(
        one,
        span=Span(one.span.start, max(one.span.end, other.span.end)),
        lines=Span(one.lines.start, max(one.lines.end, other.lines.end)),
        changes=one.changes + other.changes,
    )


class Statements:
    """The statements of a module, asked by place."""

    def __init__(self, text: Text, tree: ast.Module, barriers: Sequence[int] = ()) -> None:
        self._text = text
        self._barriers = (0, *barriers, len(text.text))
        self._tree = tree
        self._starts: dict[ast.AST, list[_Child]] = {}

    def innermost(self, span: Span) -> ast.stmt:
        """The innermost statement around a span."""
        return self._path(span)[-1][0]

    def lines(self, span: Span) -> Span:
        """The lines, from 1, of the innermost statement around a span."""
        return self._lines(*self._path(span)[-1])

    def within(self, span: Span) -> Iterator[ast.stmt]:
        """The statements that stand in a span as a whole, in the order of their beginnings."""
        return self._within(self._tree, span)

    def _within(self, outer: ast.AST, span: Span) -> Iterator[ast.stmt]:
        children = self._children(outer)
        first = bisect_right(children, span.start, key=_beginning)
        for start, statement, _ in children[max(0, first - 1) :]:
            if start >= span.end:
                return
            if span.start <= start and self._text.end(statement) <= span.end:
                yield statement
            yield from self._within(statement, span)

    def pieces(self, changes: Iterable[Change]) -> list[Piece]:
        """In order and apart from each other: the innermost statements that hold the changes.

        A statement that goes takes the block that it stands in along, for what stands around it.
        """
        found: list[Piece] = []
        pieces = [self._piece(change) for change in sorted(changes, key=lambda c: c.span)]
        for piece in sorted(pieces, key=lambda piece: (piece.span.start, -piece.span.end)):
            if found and (piece.span.start < found[-1].span.end or self._touch(found[-1], piece)):
                found[-1] = _joined(found[-1], piece)
            else:
                found.append(piece)
        return found

    def _touch(self, one: Piece, other: Piece) -> bool:
        """Do both reach up to the same place between two statements that go?"""
        place = one.span.end
        meet = one.has_gaps and other.has_gaps and place == other.span.start
        return meet and place not in self._barriers

    def _piece(self, change: Change) -> Piece:
        path = self._path(change.span)
        if isinstance(change, ReplaceStatement) and not change.codes:
            if len(path) == 1:
                return self._with_gaps(path[0], change)
            path.pop()
        while len(path) > 1 and not self._stands_alone(*path[-1]):
            path.pop()
        statement, siblings = path[-1]
        lines = self._lines(statement, siblings)
        return Piece(
            span=self._text.line_span(*lines),
            lines=lines,
            changes=(change,),
            is_indented=len(path) > 1,
        )

    def _path(self, span: Span) -> list[tuple[ast.stmt, list[ast.stmt]]]:
        """The statements around a span, the innermost last, each with the block it stands in."""
        path: list[tuple[ast.stmt, list[ast.stmt]]] = []
        outer: ast.AST = self._tree
        while True:
            starts = self._children(outer)
            index = bisect_right(starts, span.start, key=_beginning) - 1
            if index < 0:
                break
            _, statement, block = starts[index]
            if span.end > self._text.end(statement):
                break
            path.append((statement, block))
            outer = statement
        return path

    def _children(self, outer: ast.AST) -> list[_Child]:
        if outer not in self._starts:
            found = [
                (self._start(statement), statement, block)
                for block in _blocks(outer)
                for statement in block
            ]
            self._starts[outer] = sorted(found, key=_beginning)
        return self._starts[outer]

    def _start(self, statement: ast.stmt) -> int:
        decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
        return min(map(self._text.start, [statement, *decorators]))

    def _stands_alone(self, statement: ast.stmt, siblings: Sequence[ast.stmt]) -> bool:
        """Do the lines of a statement hold nothing of the one around it?"""
        line = first_line(siblings[0])
        before = self._text.text[self._text.line_span(line).start : self._start(siblings[0])]
        of_elif = self._text.text.startswith("elif", self._text.start(statement))
        return not before.strip() and not of_elif

    def _lines(self, statement: ast.stmt, siblings: Sequence[ast.stmt]) -> Span:
        """The lines of a statement, with those of others that share one."""
        first = last = siblings.index(statement)
        while first and last_line(siblings[first - 1]) >= first_line(siblings[first]):
            first -= 1
        while last + 1 < len(siblings) and first_line(siblings[last + 1]) <= last_line(
            siblings[last]
        ):
            last += 1
        return Span(first_line(siblings[first]), last_line(siblings[last]))

    def _with_gaps(self, place: tuple[ast.stmt, list[ast.stmt]], change: Change) -> Piece:
        """A statement of the module with the blank lines and comments around it."""
        statement, body = place
        lines = self._lines(statement, body)
        text = self._text
        above = [each for each in body if last_line(each) < lines.start]
        below = [each for each in body if first_line(each) > lines.end]
        start = text.line_span(last_line(above[-1])).end if above else 0
        end = text.line_span(first_line(below[0])).start if below else len(text.text)
        own = text.line_span(*lines)
        start = max(start, self._barriers[bisect_right(self._barriers, own.start) - 1])
        end = min(end, self._barriers[bisect_left(self._barriers, own.end)])
        return Piece(span=Span(start, end), lines=lines, changes=(change,), has_gaps=True)


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        yield getattr(node, name, [])
    for name in ("handlers", "cases"):
        for part in getattr(node, name, ()):
            yield part.body
