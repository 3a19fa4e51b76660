"""A comparison as lines for people and as plain data for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from personalvibe.replay.toolbox.diff import Change, InteractionDiff


@dataclass(frozen=True, slots=True, kw_only=True)
class CassetteDiff:
    before: Path | None
    """None for a cassette that is new."""
    after: Path | None
    interactions: tuple[InteractionDiff, ...]

    @property
    def differs(self) -> bool:
        return bool(self.interactions) or self.before is None or self.after is None


def lines(found: Iterable[CassetteDiff]) -> Iterator[str]:
    for one in found:
        yield f"--- {one.before or '(none)'}"
        yield f"+++ {one.after or '(none)'}"
        for interaction in one.interactions:
            yield f"@@ {_numbers(interaction)} {interaction.title} @@"
            yield from change_lines(interaction.changes)


def _numbers(one: InteractionDiff) -> str:
    if one.before is None:
        return f"interaction {one.after} is new:"
    if one.after is None:
        return f"interaction {one.before} is gone:"
    moved = "" if one.before == one.after else f" -> {one.after}"
    return f"interaction {one.before}{moved}:"


def change_lines(changes: Sequence[Change]) -> Iterator[str]:
    head = ""
    for change in changes:
        label = f"{change.topic} {change.name}".rstrip()
        if label != head:
            yield label
            head = label
        yield from (f"- {line}" for line in change.before)
        yield from (f"+ {line}" for line in change.after)


def summary(compared: int, found: Sequence[CassetteDiff]) -> str:
    changes = sum(len(one.changes) for cassette in found for one in cassette.interactions)
    return f"{compared:,} cassettes compared: {len(found):,} differ, {changes:,} changes"


def document(found: Iterable[CassetteDiff]) -> list[dict[str, Any]]:
    """What ``--json`` prints."""
    return [
        {
            "before": one.before and str(one.before),
            "after": one.after and str(one.after),
            "interactions": [asdict(interaction) for interaction in one.interactions],
        }
        for one in found
    ]
