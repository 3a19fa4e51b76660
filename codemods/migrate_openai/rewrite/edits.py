"""Edits of a text: made, followed, and two rounds of them taken together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from codemods.migrate_openai.model import Edit
from codemods.migrate_openai.rewrite.changes import Span

_MOST_COMPARED = 250_000
"""Pairs of lines; above that, comparing them takes longer than all the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewText:
    """The new text. ``places`` says where each watched offset of the old text is in it."""

    text: str
    edits: tuple[Edit, ...] = ()
    places: dict[int, int]
    barriers: tuple[int, ...] = ()


def applied(text: str, edits: Iterable[Edit], span: Span | None = None) -> str:
    """The text, or a part of it, with edits made that are in order and do not overlap."""
    parts: list[str] = []
    at, end = span or (0, len(text))
    for edit in edits:
        parts += [text[at : edit.start], edit.replacement]
        at = edit.end
    return "".join([*parts, text[at:end]])


def moved(offsets: Iterable[int], edits: Sequence[Edit]) -> dict[int, int]:
    """Where places of the old text, in order, are in the new one.

    A place that is replaced is at its replacement's start.
    """
    found: dict[int, int] = {}
    waiting = iter([*edits, None])
    edit = next(waiting)
    shift = 0
    for offset in offsets:
        while edit is not None and edit.end <= offset:
            shift += len(edit.replacement) - (edit.end - edit.start)
            edit = next(waiting)
        inside = edit is not None and edit.start <= offset
        found[offset] = (edit.start if edit is not None and inside else offset) + shift
    return found


def line_edits(old: str, new: str, start: int) -> Iterator[Edit]:
    """What turns one piece of text, which begins at *start*, into another: line by line.

    One line an edit where lines correspond, so that no edit reaches further than it must.
    """
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    if len(before) == len(after) == 1 or len(before) * len(after) > _MOST_COMPARED:
        yield Edit(start=start, end=start + len(old), replacement=new)
        return
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, low, high, first, last in matcher.get_opcodes():
        if kind == "equal":
            continue
        if kind == "insert" and low == len(before):
            yield _behind(before, after[first:last], start + len(old))
            continue
        at = start + sum(map(len, before[:low]))
        single = kind == "delete" or high - low == last - first
        rows = [(i, i + 1) for i in range(low, high)] if single else [(low, high)]
        for row, (upper, lower) in enumerate(rows):
            end = at + sum(map(len, before[upper:lower]))
            lines = after[first + row : first + row + 1] if single else after[first:last]
            replacement = "" if kind == "delete" else "".join(lines)
            yield Edit(start=at, end=end, replacement=replacement)
            at = end


def _behind(before: Sequence[str], lines: Sequence[str], end: int) -> Edit:
    """Lines put behind the last one, which ends at *end*: in front of its newline.

    What begins at *end* is another cell of a notebook, perhaps.
    """
    newline = before[-1][len(before[-1].rstrip("\r\n")) :] if before else ""
    at = end - len(newline)
    new = newline + "".join(lines)
    return Edit(start=at, end=at, replacement=new[: len(new) - len(newline)])


def composed(first: Sequence[Edit], text: str, second: Sequence[Edit]) -> tuple[Edit, ...]:
    """Edits that do at once what *first*, whose result is *text*, and *second* do in turn."""
    shift = 0  # from the old text to *text*
    found: list[Edit] = []
    for cluster in _clusters(first, second):
        span = Span(cluster[0].span.start, max(part.span.end for part in cluster))
        start = span.start - shift
        shift += sum(part.growth for part in cluster)
        later = [part.edit for part in cluster if part.edit is not None]
        replacement = applied(text, later, span)
        found.append(Edit(start=start, end=span.end - shift, replacement=replacement))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A place of the text between two rounds of edits."""

    span: Span
    growth: int = 0
    """By how much the edit that made the place has lengthened the text."""
    edit: Edit | None = None
    """The edit that is still to be made there."""


def _clusters(first: Sequence[Edit], second: Sequence[Edit]) -> Iterator[list[_Part]]:
    """What has to be done at once, since it overlaps. What only touches is left apart."""
    parts = [*_results(first), *(_Part(span=Span(e.start, e.end), edit=e) for e in second)]
    cluster: list[_Part] = []
    end = 0
    for part in sorted(parts, key=lambda part: part.span):
        if cluster and part.span.start >= end:
            yield cluster
            cluster = []
        cluster.append(part)
        end = max(end, part.span.end)
    if cluster:
        yield cluster


def _results(edits: Iterable[Edit]) -> Iterator[_Part]:
    """Where the replacements are in the text that edits have made."""
    shift = 0
    for edit in edits:
        start = edit.start + shift
        growth = len(edit.replacement) - (edit.end - edit.start)
        yield _Part(span=Span(start, start + len(edit.replacement)), growth=growth)
        shift += growth
