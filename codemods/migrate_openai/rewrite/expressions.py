"""Changes of expressions -> edits: each expression is parsed by libcst alone, changed, printed.

The innermost comes first. So what changes is the root of what was parsed, or an element of it, and
no position has to be looked up in a tree.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import libcst as cst

from codemods.migrate_openai.model import Edit
from codemods.migrate_openai.rewrite.arguments import separated_without, with_arguments
from codemods.migrate_openai.rewrite.changes import (
    ArgumentChange,
    Change,
    PrefixString,
    Replace,
    ReplaceElement,
    Retarget,
    Span,
)
from codemods.migrate_openai.rewrite.edits import applied, line_edits, moved
from codemods.migrate_openai.rewrite.errors import RewriteError
from codemods.migrate_openai.rewrite.pieces import Statements
from codemods.migrate_openai.rewrite.positions import Text

_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
_NEWLINE = re.compile(r"\r\n|\r|\n")
parsed = lru_cache(cst.parse_expression)


def argument(code: str) -> cst.Arg:
    call = parsed(f"f({code})")
    assert isinstance(call, cst.Call)
    return call.args[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionEdits:
    """``places`` says where each watched offset is in the new text."""

    edits: list[Edit]
    places: dict[int, int]
    unprintable: frozenset[int]
    """Lines, from 1, of the statements whose expressions libcst does not print as they are."""


def edit_expressions(
    text: Text, statements: Statements, changes: Iterable[Change], watched: Sequence[int]
) -> ExpressionEdits:
    """*watched* are offsets, in order. Raises `RewriteError` where two changes overlap."""
    roots = _Roots(text, statements, changes, watched)
    done: list[_Printed] = []
    unprintable: set[int] = set()
    while roots.waiting:
        span = roots.waiting[0]
        try:
            done.append(roots.printed())
        except (cst.ParserSyntaxError, RecursionError, _UnfaithfulError):
            first, last = statements.lines(span)
            unprintable.update(range(first, last + 1))
            roots.skip(span)
    return ExpressionEdits(
        edits=[one.edit for one in done],
        places=_followed(watched, done),
        unprintable=frozenset(unprintable),
    )


class _UnfaithfulError(Exception):
    """libcst prints an expression in another way than it is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Printed:
    """An expression's new text, and where the watched offsets within it are in that."""

    edit: Edit
    places: dict[int, int] = field(default_factory=dict)


def _followed(offsets: Sequence[int], done: Sequence[_Printed]) -> dict[int, int]:
    """Where offsets are once some expressions have their new texts."""
    edits = [one.edit for one in done]
    places = moved(offsets, edits)
    starts = moved([edit.start for edit in edits], edits)
    for one in done:
        start = starts[one.edit.start]
        places.update({at: start + offset for at, offset in one.places.items()})
    return places


class _Roots:
    """The expressions that are to be parsed, each with the changes of itself or its elements."""

    def __init__(
        self, text: Text, statements: Statements, changes: Iterable[Change], watched: Sequence[int]
    ) -> None:
        self._text = text
        self._statements = statements
        self._watched = watched
        self._changes: dict[Span, list[Change]] = defaultdict(list)
        self._elements: dict[Span, dict[int, ReplaceElement]] = defaultdict(dict)
        for change in changes:
            if isinstance(change, ReplaceElement):
                span, index = self._tuple(change.span)
                self._elements[span][index] = change
            else:
                self._changes[change.span].append(change)
        spans = self._changes.keys() | self._elements.keys()
        self.waiting = deque(sorted(spans, key=lambda span: (span.start, -span.end)))

    def skip(self, span: Span) -> None:
        """Leave out what begins inside of an expression."""
        while self.waiting and self.waiting[0].start < span.end:
            self.waiting.popleft()

    def printed(self) -> _Printed:
        """The next expression, after those within it."""
        span = self.waiting.popleft()
        inner: list[_Printed] = []
        while self.waiting and self.waiting[0].start < span.end:
            inner.append(self.printed())
        changes = self._changes.get(span, [])
        if inner and any(isinstance(change, Replace) for change in changes):
            raise RewriteError(f"two changes overlap at offset {inner[0].edit.start}")
        edits = [one.edit for one in inner]
        source = applied(self._text.text, edits, span)
        new = self._changed(source, span, changes)
        edit = Edit(start=span.start, end=span.end, replacement=new)
        return _Printed(edit=edit, places=self._places(span, source, new, inner))

    def _places(
        self, span: Span, source: str, new: str, inner: Sequence[_Printed]
    ) -> dict[int, int]:
        first = bisect_right(self._watched, span.start)
        within = self._watched[first : bisect_left(self._watched, span.end)]
        if not within:
            return {}
        middle = _followed(within, inner)
        rows = list(line_edits(source, new, span.start))
        places = moved(sorted(middle.values()), rows)
        return {at: places[offset] - span.start for at, offset in middle.items()}

    def _changed(self, source: str, span: Span, changes: Sequence[Change]) -> str:
        # In parentheses, an expression may go on over lines wherever it stands.
        wrapped = f"({source})"
        newline = _NEWLINE.search(source)
        printer = cst.Module([], default_newline=newline[0] if newline else "\n")
        node = cst.parse_expression(wrapped)
        if printer.code_for_node(node) != wrapped:
            raise _UnfaithfulError
        if arguments := [c for c in changes if isinstance(c, ArgumentChange)]:
            assert isinstance(node, cst.Call)
            node = with_arguments(node, arguments, lambda code: argument(self._quoted(code, span)))
        if elements := self._elements.get(span):
            assert isinstance(node, cst.Tuple)
            node = _with_elements(node, elements)
        for change in changes:
            node = self._with_change(node, change)
        return printer.code_for_node(node)[1:-1]

    def _with_change(self, node: cst.BaseExpression, change: Change) -> cst.BaseExpression:
        match change:
            case Replace(code=code):
                new = parsed(self._quoted(code, change.span))
                lpar, rpar = [*node.lpar, *new.lpar], [*new.rpar, *node.rpar]
                return new.with_changes(lpar=lpar, rpar=rpar)
            case Retarget(depth=depth, name=name):
                receiver = node
                for _ in range(depth):
                    assert isinstance(receiver, cst.Attribute)
                    receiver = receiver.value
                return cst.Attribute(receiver, cst.Name(name), lpar=node.lpar, rpar=node.rpar)
            case PrefixString(prefix=prefix):
                return _prefixed(node, prefix)
        return node

    def _tuple(self, element: Span) -> tuple[Span, int]:
        """The tuple that an expression is an element of, and its place there."""
        for node in ast.walk(self._statements.innermost(element)):
            if isinstance(node, ast.Tuple):
                for index, part in enumerate(node.elts):
                    if self._text.span(part) == element:
                        return self._text.span(node), index
        raise RewriteError(f"no tuple holds the element at offset {element.start}")

    def _quoted(self, code: str, span: Span) -> str:
        """Before 3.12 a string inside of an f-string takes the other quotes."""
        if '"' not in code:
            return code
        nodes = list(ast.walk(self._statements.innermost(span)))
        # From 3.12 on, a format is a string of its own, without quotes.
        formats = [node.format_spec for node in nodes if isinstance(node, ast.FormattedValue)]
        around = (
            self._text.span(node)
            for node in nodes
            if isinstance(node, ast.JoinedStr) and node not in formats
        )
        quotes = {
            _quote(self._text.text[start:end], span.start - start)
            for start, end in around
            if start < span.start < end
        }
        return code.replace('"', "'") if quotes == {'"'} else code


def _quote(source: str, offset: int) -> str:
    """The quotes of the f-string around an offset; of several in a row, of the one that has it."""
    code = cst.Module([]).code_for_node
    node = cst.parse_expression(f"({source})").with_changes(lpar=(), rpar=())
    while isinstance(node, cst.ConcatenatedString):
        length = len(code(node.left))
        if offset < length:
            node = node.left
        else:
            offset -= length + len(code(node.whitespace_between))
            node = node.right
    assert isinstance(node, cst.FormattedString)
    return node.quote[0]


def _prefixed(node: cst.BaseExpression, prefix: str) -> cst.BaseExpression:
    if isinstance(node, cst.ConcatenatedString):
        return node.with_changes(left=_prefixed(node.left, prefix))
    assert isinstance(node, cst.SimpleString)
    head = len(node.prefix) + len(node.quote)
    return node.with_changes(value=f"{node.value[:head]}{prefix}{node.value[head:]}")


def _with_elements(node: cst.Tuple, changes: Mapping[int, ReplaceElement]) -> cst.Tuple:
    elements: list[cst.BaseElement] = []
    gone: set[int] = set()
    for index, element in enumerate(node.elements):
        codes = changes[index].codes if index in changes else None
        if not codes:
            gone.update([len(elements)] if codes is not None else [])
            elements.append(element)
            continue
        more = [cst.Element(parsed(code), comma=_COMMA) for code in codes]
        elements += [*more[:-1], more[-1].with_changes(comma=element.comma)]
    if gone and len(elements) == len(gone) + 1:
        [kept] = [e for i, e in enumerate(elements) if i not in gone]
        return node.with_changes(elements=[kept.with_changes(comma=cst.Comma())])
    return node.with_changes(elements=separated_without(elements, gone))
