"""Two recordings compared by what they mean: which requests, and what changed in each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from personalvibe.replay.model import Usage
from personalvibe.replay.toolbox.align import align
from personalvibe.replay.toolbox.outline import Outline, Section, Topic

Lines = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    topic: Topic
    name: str
    before: Lines
    """The lines that went; empty for what is new."""
    after: Lines


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionDiff:
    """An interaction that differs, or that one of the recordings lacks."""

    title: str
    before: int | None
    """Its number in the first recording, 1 for the first; None where it is new."""
    after: int | None
    changes: tuple[Change, ...]


def compare(
    before: Sequence[Outline], after: Sequence[Outline], *, ignore: Collection[Topic] = ()
) -> tuple[InteractionDiff, ...]:
    """What differs between two recordings, in their order."""
    found = []
    for old, new in align(before, after, _likeness):
        was = _NOTHING if old is None else before[old]
        now = _NOTHING if new is None else after[new]
        changes = tuple(one for one in _changes(was, now) if one.topic not in ignore)
        if changes:
            found.append(
                InteractionDiff(
                    title=now.title or was.title,
                    before=None if old is None else old + 1,
                    after=None if new is None else new + 1,
                    changes=changes,
                )
            )
    return tuple(found)


_NOTHING = Outline(title="", sections=(), usage=Usage())


def _likeness(one: Outline, other: Outline) -> float:
    shared = _share(one.sections, other.sections)
    return shared if one.title == other.title or shared > _HALF else 0.0


_HALF = 0.5


def _share(one: Sequence[object], other: Sequence[object]) -> float:
    return len(set(one) & set(other)) / max(len(one), len(other), 1)


def _changes(was: Outline, now: Outline) -> Iterator[Change]:
    for old, new in align(was.sections, now.sections, _section_likeness):
        before = None if old is None else was.sections[old]
        after = None if new is None else now.sections[new]
        if before != after:
            yield from _section_changes(before, after)
    for name in ("input_tokens", "output_tokens"):
        counts = [
            (str(count),) if (count := getattr(one.usage, name)) else () for one in (was, now)
        ]
        if counts[0] != counts[1]:
            label = name.partition("_")[0]
            yield Change(topic=Topic.TOKENS, name=label, before=counts[0], after=counts[1])


def _section_likeness(one: Section, other: Section) -> float:
    if (one.topic, one.name) != (other.topic, other.name):
        return 0.0
    return _SAME_PLACE + _share(one.lines, other.lines)


_SAME_PLACE = 0.1
"""Of sections that share no line: they belong together where nothing else does."""


def _section_changes(before: Section | None, after: Section | None) -> Iterator[Change]:
    either = after or before
    if either is None:
        return
    old, new = before.lines if before else (), after.lines if after else ()
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for operation, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if operation != "equal":
            yield Change(
                topic=either.topic,
                name=either.name,
                before=old[old_start:old_end],
                after=new[new_start:new_end],
            )
