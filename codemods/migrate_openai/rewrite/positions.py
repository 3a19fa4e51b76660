"""Positions of a syntax tree <-> offsets into the text it was parsed from. Nowhere else."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from functools import cached_property

from codemods.migrate_openai.rewrite.changes import Span

_LINE_END = re.compile(r"\r\n|\r|\n")


class Text:
    """The text of one file, asked by line, offset and node."""

    def __init__(self, text: str, parsed: str | None = None) -> None:
        self.text = text
        self._parsed = text if parsed is None else parsed
        self._starts = [0, *(m.end() for m in _LINE_END.finditer(text))]
        self._ascii = self._parsed.isascii()

    def offset(self, line: int, column: int) -> int:
        """*column* counts UTF-8 bytes, as in `ast`."""
        start = self._starts[line - 1]
        if self._ascii:
            return start + column
        end = self._starts[line] if line < len(self._starts) else len(self.text)
        return start + len(self._parsed[start:end].encode()[:column].decode(errors="ignore"))

    def start(self, node: ast.AST) -> int:
        return self.offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]

    def end(self, node: ast.AST) -> int:
        return self.offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def span(self, node: ast.AST) -> Span:
        return Span(self.start(node), self.end(node))

    def of(self, node: ast.AST) -> str:
        return self.text[self.start(node) : self.end(node)]

    def line_of(self, offset: int) -> int:
        """The line, from 1."""
        return bisect_right(self._starts, offset)

    def column_of(self, offset: int) -> int:
        """The column, from 1, in characters."""
        return offset - self._starts[self.line_of(offset) - 1] + 1

    def line_span(self, first: int, last: int | None = None) -> Span:
        """From the start of a line to the end of the same or another, its ending included."""
        last = first if last is None else last
        end = self._starts[last] if last < len(self._starts) else len(self.text)
        return Span(self._starts[first - 1], end)

    def line(self, line: int) -> str:
        """A line without its ending."""
        start, end = self.line_span(line)
        return self.text[start:end].rstrip("\r\n")

    @cached_property
    def newline(self) -> str:
        """The line ending that the text uses most."""
        windows = self.text.count("\r\n")
        return "\r\n" if windows * 2 > self.text.count("\n") else "\n"


def first_line(node: ast.stmt) -> int:
    """The line that a statement begins on, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def last_line(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def is_alone(text: Text, node: ast.stmt) -> bool:
    """Does a statement have its lines to itself (a comment behind it allowed)?"""
    before = text.text[text.line_span(node.lineno).start : text.start(node)]
    after = text.text[text.end(node) : text.line_span(last_line(node)).end].strip()
    return not before.strip() and (not after or after.startswith("#"))
