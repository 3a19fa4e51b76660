"""Positions of a syntax tree -> offsets into the text it was parsed from."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from codemods.migrate_openai.model import Edit

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

    def of(self, node: ast.AST) -> str:
        return self.text[self.start(node) : self.end(node)]

    def line_of(self, offset: int) -> int:
        """The line, from 1."""
        low, high = 0, len(self._starts)
        while high - low > 1:
            middle = (low + high) // 2
            if self._starts[middle] <= offset:
                low = middle
            else:
                high = middle
        return low + 1

    def column_of(self, offset: int) -> int:
        """The column, from 1, in characters."""
        return offset - self._starts[self.line_of(offset) - 1] + 1

    def line_span(self, line: int) -> tuple[int, int]:
        """Start and end of a line, its ending included."""
        end = self._starts[line] if line < len(self._starts) else len(self.text)
        return self._starts[line - 1], end

    @property
    def newline(self) -> str:
        """The line ending that the text uses most."""
        windows = self.text.count("\r\n")
        return "\r\n" if windows * 2 > self.text.count("\n") else "\n"

    def line(self, line: int) -> str:
        """A line without its ending."""
        start, end = self.line_span(line)
        return self.text[start:end].rstrip("\r\n")

    def tokens(self, start: int, end: int) -> Iterator[tuple[str, int, int]]:
        """(token, start, end) of the text between two offsets; comments and blanks left out."""
        piece = self.text[start:end]
        # Brackets keep the tokenizer from asking for indentation.
        first = _Lines(f"({piece}")
        try:
            for token in tokenize.generate_tokens(io.StringIO(f"({piece}").readline):
                if token.type in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE):
                    continue
                where = first.offset(token.start) - 1 + start
                if where >= start and token.string:
                    yield token.string, where, where + len(token.string)
        except (tokenize.TokenError, SyntaxError, IndentationError):
            return

    def before(self, offset: int, end: int, wanted: str) -> int | None:
        """The offset of the first token *wanted* between two offsets."""
        for token, start, _ in self.tokens(offset, end):
            if token == wanted:
                return start
        return None


class _Lines:
    def __init__(self, text: str) -> None:
        # StringIO splits lines at \n only when told nothing else; so does this.
        self._starts = [0]
        for match in re.finditer("\n", text):
            self._starts.append(match.end())

    def offset(self, position: tuple[int, int]) -> int:
        return self._starts[position[0] - 1] + position[1]


def is_alone(text: Text, node: ast.stmt) -> bool:
    """Does a statement have its lines to itself (a comment behind it allowed)?"""
    before = text.text[text.line_span(node.lineno)[0] : text.start(node)]
    after = text.text[text.end(node) : text.line_span(node.end_lineno or node.lineno)[1]]
    return not before.strip() and (not after.strip() or after.strip().startswith("#"))


_DIRECTIVE = re.compile(r"#\s*(type:|noqa|pylint:|pyright:|mypy:|ruff:|isort:|pragma)", re.I)


def removal(text: Text, node: ast.stmt, *, only_child: bool) -> Edit:
    """Take a statement away, with its line where it has one; a comment behind it stays."""
    start, end = text.start(node), text.end(node)
    if only_child or not is_alone(text, node):
        return Edit(start=start, end=end, replacement="pass")
    line_start = text.line_span(node.lineno)[0]
    line_end = text.line_span(node.end_lineno or node.lineno)[1]
    comment = text.text[end:line_end].strip()
    if comment and not _DIRECTIVE.match(comment):
        return Edit(start=start, end=end + _blanks(text.text[end:line_end]), replacement="")
    if _opens(text, node.lineno - 1):
        return Edit(start=line_start, end=_behind_blank_lines(text, line_end), replacement="")
    return Edit(
        start=_without_blank_lines(text, line_start, line_end), end=line_end, replacement=""
    )


def _opens(text: Text, line: int) -> bool:
    """Does a block, or the file, begin below this line?"""
    return line < 1 or bool(re.search(r":[ \t]*(#.*)?$", text.line(line)))


def _behind_blank_lines(text: Text, offset: int) -> int:
    while offset < len(text.text):
        start, end = text.line_span(text.line_of(offset))
        if text.text[start:end].strip() or end == start:
            break
        offset = end
    return offset


def _blanks(text: str) -> int:
    return len(text) - len(text.lstrip(" \t"))


def _without_blank_lines(text: Text, start: int, end: int) -> int:
    """Where blank lines stand on both sides, those before go too."""
    first = text.line_of(start)
    below = text.line_of(end) if end < len(text.text) else None
    above = first - 1
    if above < 1 or text.line(above).strip():
        return start
    if below is not None and text.line(below).strip():
        return start
    while above >= 1 and not text.line(above).strip():
        above -= 1
    return text.line_span(above)[1] if above >= 1 else start
