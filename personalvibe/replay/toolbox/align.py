"""Two sequences side by side: what belongs together, what went, what came. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Pair = tuple[int | None, int | None]
"""Positions in both; None where one side has nothing."""

_MOST = 40_000
"""Comparisons; beyond them items belong together by their position."""


def align(
    before: Sequence[Item], after: Sequence[Item], likeness: Callable[[Item, Item], float]
) -> list[Pair]:
    """Pairs in the order of both sequences, with the greatest likeness in all.

    Args:
        likeness: 0 for items that do not belong together.
    """
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    middle = _by_position if len(old) * len(new) > _MOST else _by_likeness
    return [
        *((position, position) for position in range(start)),
        *((_moved(one, start), _moved(other, start)) for one, other in middle(old, new, likeness)),
        *((len(before) - back, len(after) - back) for back in range(end, 0, -1)),
    ]


def _moved(position: int | None, by: int) -> int | None:
    return None if position is None else position + by


def _by_position(
    before: Sequence[Item], after: Sequence[Item], likeness: Callable[[Item, Item], float]
) -> list[Pair]:
    positions = range(max(len(before), len(after)))
    return [
        (one if one < len(before) else None, one if one < len(after) else None) for one in positions
    ]


def _by_likeness(
    before: Sequence[Item], after: Sequence[Item], likeness: Callable[[Item, Item], float]
) -> list[Pair]:
    alike = [[likeness(one, other) for other in after] for one in before]
    best = _best_totals(alike, len(after))
    pairs: list[Pair] = []
    old = new = 0
    while old < len(before) and new < len(after):
        total = best[old][new]
        if alike[old][new] and total == alike[old][new] + best[old + 1][new + 1]:
            pairs.append((old, new))
            old, new = old + 1, new + 1
        elif total == best[old + 1][new]:
            pairs.append((old, None))
            old += 1
        else:
            pairs.append((None, new))
            new += 1
    rest: list[Pair] = [(one, None) for one in range(old, len(before))]
    return pairs + rest + [(None, one) for one in range(new, len(after))]


def _best_totals(alike: Sequence[Sequence[float]], width: int) -> list[list[float]]:
    """The greatest likeness in all from each pair of positions on."""
    best = [[0.0] * (width + 1) for _ in range(len(alike) + 1)]
    for old in range(len(alike) - 1, -1, -1):
        for new in range(width - 1, -1, -1):
            paired = alike[old][new] and alike[old][new] + best[old + 1][new + 1]
            best[old][new] = max(best[old + 1][new], best[old][new + 1], paired)
    return best
