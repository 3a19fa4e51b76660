"""The rewritten text without the statements that the imports do not depend on.

Most of a module has nothing to do with its imports of the SDK. Blanked out, it costs the second
analysis next to nothing.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from codemods.migrate_openai.model import Edit
from codemods.migrate_openai.rewrite.changes import Span
from codemods.migrate_openai.rewrite.edits import applied
from codemods.migrate_openai.rewrite.positions import Text, first_line

_NOT_LINE_END = re.compile(r"[^\r\n]")


def outline(text: Text, tree: ast.Module, edits: Sequence[Edit], names: Iterable[str]) -> str:
    """The text with *edits* made and, where they touch nothing, statements blanked out.

    Every line and column of it is one of the text with *edits* made. What holds an import, or one
    of *names*, stays.
    """
    # A name need not be written in the letters that it has; a guard's name may be any.
    if not text.text.isascii() or "TYPE_CHECKING" in text.text:
        return applied(text.text, edits)
    kept = re.compile("|".join(map(re.escape, {*names, "import", "__all__"})))
    blanks = (_blank(text, span) for span in _untouched(text, tree, edits, kept))
    return applied(text.text, sorted([*edits, *blanks]))


def _untouched(
    text: Text, tree: ast.Module, edits: Sequence[Edit], kept: re.Pattern[str]
) -> Iterator[Span]:
    ends = [edit.end for edit in edits]
    for statement in tree.body[1:]:  # the first may be the docstring
        span = text.span(statement)
        if getattr(statement, "decorator_list", ()):
            span = Span(text.line_span(first_line(statement)).start, span.end)
        following = bisect_left(ends, span.start)
        is_touched = following < len(edits) and edits[following].start <= span.end
        if not is_touched and span.end - span.start > 2 and not kept.search(text.text, *span):
            yield span


def _blank(text: Text, span: Span) -> Edit:
    """An expression from the first to the last character of a statement."""
    blank = _NOT_LINE_END.sub(" ", text.text[span.start + 2 : span.end - 1])
    return Edit(start=span.start, end=span.end, replacement=f"(0{blank})")
