"""Changes -> edits, by libcst, one statement at a time.

What no change touches is not parsed, so outside of the edited statements every byte stays.
"""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

from codemods.migrate_openai.model import Edit
from codemods.migrate_openai.rewrite.changes import (
    Change,
    DropArgument,
    Replace,
    Span,
    StatementChange,
)
from codemods.migrate_openai.rewrite.edits import Rewritten, applied, line_edits, moved
from codemods.migrate_openai.rewrite.errors import RewriteError, UnprintableError
from codemods.migrate_openai.rewrite.pieces import Piece, pieces
from codemods.migrate_openai.rewrite.positions import Text
from codemods.migrate_openai.rewrite.transformer import Transformer

_BLOCK = "if 1:"
"""What makes indented lines a block of their own."""


def rewrite(
    text: Text, tree: ast.Module, changes: Sequence[Change], watched: Iterable[int] = ()
) -> Rewritten:
    """Make all changes. Raises `UnprintableError`, or `RewriteError` where two changes overlap."""
    _check_overlap(changes)
    watched = sorted(set(watched))
    edits: list[Edit] = []
    landed: dict[int, int] = {}
    unprintable: set[int] = set()
    delta = 0
    for piece in pieces(text, tree, changes):
        start, end = piece.span
        here = watched[bisect_left(watched, start) : bisect_left(watched, end)]
        done = _rewritten(text, piece, here)
        if done is None:
            unprintable.update(range(piece.lines.start, piece.lines.end + 1))
            continue
        new, places = done
        edits += line_edits(text.text[start:end], new, start)
        landed.update({old: start + delta + at for old, at in places.items()})
        delta += len(new) - (end - start)
    if unprintable:
        raise UnprintableError(frozenset(unprintable))
    places = moved(watched, edits) | landed
    return Rewritten(text=applied(text.text, edits), edits=tuple(edits), places=places)


def _check_overlap(changes: Iterable[Change]) -> None:
    """What stands in an expression that is replaced cannot be changed as well."""
    spans = sorted({change.span for change in changes if isinstance(change, Replace)})
    starts = [span.start for span in spans]
    for outer, inner in pairwise(spans):
        if inner.start < outer.end:
            raise RewriteError(f"two changes overlap at offset {inner.start}")
    for change in changes:
        index = bisect_right(starts, change.span.start) - 1
        if index >= 0 and change.span != spans[index] and change.span.end <= spans[index].end:
            raise RewriteError(f"two changes overlap at offset {change.span.start}")


def _rewritten(
    text: Text, piece: Piece, watched: Collection[int]
) -> tuple[str, dict[int, int]] | None:
    """The new lines, and where watched offsets stand in them; None where libcst cannot."""
    start, end = piece.span
    source = text.text[start:end]
    prefix = _BLOCK + text.newline if piece.is_indented else ""
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
    for change in piece.changes:
        by_span[Span(byte(change.span.start), byte(change.span.end))].append(change)
    spans = MetadataWrapper(module, unsafe_skip_copy=True).resolve(ByteSpanPositionProvider)
    places = {byte(offset): offset for offset in watched}
    transformer = Transformer(
        module, spans, by_span, places, opens=start == 0, ends=end == len(text.text)
    )
    new = module.visit(transformer)
    missed = [change for waiting in transformer.pending.values() for change in waiting]
    if missed:
        raise RewriteError(f"no node for a change at offset {missed[0].span.start}")
    code = new.code[len(prefix) :]
    shifts = any(isinstance(c, (StatementChange, DropArgument)) for c in piece.changes)
    if not shifts and code.count("\n") == source.count("\n"):
        # Line by line the same: where a call begins, only its column may have changed.
        return code, _same_lines(source, code, start, watched)
    return code, _places(new, transformer, places, len(prefix))


def _same_lines(source: str, code: str, start: int, watched: Iterable[int]) -> dict[int, int]:
    old, new = Text(source), Text(code)
    return {at: new.line_span(old.line_of(at - start)).start for at in watched}


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
