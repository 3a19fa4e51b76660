"""Edits of a text: made, followed, and two rounds of them taken together."""

from __future__ import annotations

from collections import deque
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
        at = start + sum(map(len, before[:low]))
        single = kind == "delete" or high - low == last - first
        rows = [(i, i + 1) for i in range(low, high)] if single else [(low, high)]
        for row, (upper, lower) in enumerate(rows):
            end = at + sum(map(len, before[upper:lower]))
            lines = after[first + row : first + row + 1] if single else after[first:last]
            replacement = "" if kind == "delete" else "".join(lines)
            yield Edit(start=at, end=end, replacement=replacement)
            at = end


def composed(first: Sequence[Edit], text: str, second: Sequence[Edit]) -> tuple[Edit, ...]:
    """Edits that do at once what *first*, whose result is *text*, and *second* do in turn."""
    regions: deque[tuple[Span, Edit]] = deque()  # where the results of *first* are in *text*
    shift = 0
    for edit in first:
        start = edit.start + shift
        regions.append((Span(start, start + len(edit.replacement)), edit))
        shift += len(edit.replacement) - (edit.end - edit.start)
    waiting = deque(second)
    spans = [*(span for span, _ in regions), *(Span(edit.start, edit.end) for edit in second)]
    found: list[Edit] = []
    shift = 0
    for start, end in _clusters(spans):
        old_start = start - shift
        while regions and regions[0][0].end <= end:
            span, edit = regions.popleft()
            shift += (span.end - span.start) - (edit.end - edit.start)
        chosen: list[Edit] = []
        while waiting and waiting[0].end <= end:
            chosen.append(waiting.popleft())
        replacement = applied(text, chosen, Span(start, end))
        found.append(Edit(start=old_start, end=end - shift, replacement=replacement))
    return tuple(found)


def _clusters(spans: Iterable[Span]) -> list[Span]:
    """Spans that overlap or touch, joined."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(end, found[-1].end))
        else:
            found.append(Span(start, end))
    return found
