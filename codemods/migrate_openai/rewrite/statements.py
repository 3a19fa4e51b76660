"""Changes -> edits, by libcst: first the expressions, then the statements around them.

What no change touches is not parsed, so outside of the edits every byte stays.
"""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import libcst as cst

from codemods.migrate_openai.model import Edit
from codemods.migrate_openai.rewrite.changes import Change, Span, StatementChange
from codemods.migrate_openai.rewrite.edits import NewText, applied, composed, line_edits, moved
from codemods.migrate_openai.rewrite.errors import RewriteError, UnprintableError
from codemods.migrate_openai.rewrite.expressions import edit_expressions
from codemods.migrate_openai.rewrite.pieces import Piece, Statements
from codemods.migrate_openai.rewrite.positions import Text
from codemods.migrate_openai.rewrite.transformer import StatementPart, Transformer

_BLOCK = "if 1:"
"""What makes indented lines a block of their own."""


def rewrite(
    text: Text,
    tree: ast.Module,
    changes: Sequence[Change],
    watched: Iterable[int] = (),
    barriers: Sequence[int] = (),
) -> NewText:
    """Make all changes. Raises `UnprintableError`, or `RewriteError` where two changes overlap."""
    statements = Statements(text, tree, barriers)
    of_statements = [change for change in changes if isinstance(change, StatementChange)]
    of_expressions = [change for change in changes if not isinstance(change, StatementChange)]
    inner = edit_expressions(text, statements, of_expressions, sorted(set(watched)))
    unprintable = set(inner.unprintable)
    pieces = statements.pieces(of_statements)
    starts = moved([piece.span.start for piece in pieces], inner.edits)
    edits: list[Edit] = []
    begins = [edit.start for edit in inner.edits]
    for piece in pieces:
        first, last = (bisect_left(begins, offset) for offset in piece.span)
        source = applied(text.text, inner.edits[first:last], piece.span)
        try:
            new = _rewritten(source, piece, text, statements)
        except (cst.ParserSyntaxError, RecursionError):
            new = None
        if new is None:
            unprintable.update(range(piece.lines.start, piece.lines.end + 1))
        else:
            edits += line_edits(source, new, starts[piece.span.start])
    if unprintable:
        raise UnprintableError(frozenset(unprintable))
    middle = applied(text.text, inner.edits)
    places = moved(sorted(inner.places.values()), edits)
    return NewText(
        text=applied(middle, edits),
        edits=composed(inner.edits, middle, edits),
        places={old: places[at] for old, at in inner.places.items()},
        barriers=tuple(moved(moved(barriers, inner.edits).values(), edits).values()),
    )


def _rewritten(source: str, piece: Piece, text: Text, statements: Statements) -> str | None:
    """The new lines; None where libcst does not print the lines as they are."""
    prefix = _BLOCK + text.newline if piece.is_indented else ""
    module = cst.parse_module(prefix + source)
    if module.code != prefix + source:
        return None
    within = list(statements.within(piece.span))
    parts = dict(_parts(text, within, first=int(piece.is_indented)))
    changes: dict[StatementPart, list[Change]] = defaultdict(list)
    for change in piece.changes:
        changes[parts[change.span]].append(change)
    opens, ends = piece.span.start == 0, piece.span.end == len(text.text)
    transformer = Transformer(changes, opens=opens, ends=ends)
    new = module.visit(transformer)
    if transformer.statements != len(within) + piece.is_indented:
        raise RewriteError(f"the statements of line {piece.lines.start} cannot be told apart")
    return new.code[len(prefix) :]


def _parts(
    text: Text, statements: Iterable[ast.stmt], first: int
) -> Iterator[tuple[Span, StatementPart]]:
    """Where the statements stand, and the parts of those that have some."""
    for number, statement in enumerate(statements, first):
        yield text.span(statement), StatementPart(number)
        parts: Sequence[ast.AST] = ()
        match statement:
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                parts = names
            case ast.Assign(targets=targets):
                parts = targets
        for part, node in enumerate(parts):
            yield text.span(node), StatementPart(number, part)
