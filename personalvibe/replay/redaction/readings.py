"""A text as it is meant, by what is written in it: what is found there is hidden where the text
itself spells it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from personalvibe.replay.redaction.shapes import Hit


class Mark(NamedTuple):
    """A stretch of a text that means something else."""

    start: int
    end: int
    meant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One time that marks were replaced by what they mean."""

    ends: Sequence[int]
    """Where what a mark means ends."""
    sources: Sequence[int]
    """Where these marks end in what was read."""
    spelled: Mapping[str, str]

    def source(self, position: int) -> int:
        number = bisect_right(self.ends, position) - 1
        return self.sources[number] + position - self.ends[number]

    def hit(self, hit: Hit) -> Hit:
        replacement = "".join(self.spelled.get(one, one) for one in hit.replacement)
        return Hit(self.source(hit.start), self.source(hit.end), hit.shape, replacement)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    text: str
    steps: tuple[_Step, ...] = ()
    """From the text itself to this one."""

    def spelled(self, hit: Hit) -> Hit:
        """Where the text itself spells what was found, and how it would spell what replaces it."""
        for step in reversed(self.steps):
            hit = step.hit(hit)
        return hit

    def read(self, marks: Iterable[Mark]) -> Reading:
        """What the marks of this text mean; they come in order and without overlaps."""
        pieces: list[str] = []
        ends, sources = [0], [0]
        spelled: dict[str, str] = {}
        for mark in marks:
            pieces += [self.text[sources[-1] : mark.start], mark.meant]
            ends.append(ends[-1] + mark.start - sources[-1] + len(mark.meant))
            sources.append(mark.end)
            if not mark.meant.isalnum():
                spelled[mark.meant] = self.text[mark.start : mark.end]
        pieces.append(self.text[sources[-1] :])
        step = _Step(ends=ends, sources=sources, spelled=spelled)
        return Reading(text="".join(pieces), steps=(*self.steps, step))
