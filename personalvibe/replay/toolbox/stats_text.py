"""Figures as tables with bars for people, and as plain data for programs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from personalvibe.replay.toolbox.stats import By, Figures, Stats

if TYPE_CHECKING:
    from rich.table import Table


class Measure(StrEnum):
    """What the bars show."""

    COST = "cost"
    TOKENS = "tokens"
    INTERACTIONS = "interactions"
    SIZE = "size"


_VALUES: Mapping[Measure, Callable[[Figures], float]] = {
    Measure.COST: lambda one: one.usage.cost_usd,
    Measure.TOKENS: lambda one: one.usage.input_tokens + one.usage.output_tokens,
    Measure.INTERACTIONS: lambda one: one.interactions,
    Measure.SIZE: lambda one: one.size,
}
_BAR = 20
_DAY = 86_400


def tables(stats: Stats, which: Iterable[By], measure: Measure, *, top: int, width: int) -> str:
    """A table for each grouping: the `top` largest groups with their bars, the rest in one line."""
    from rich.console import Console

    console = Console(width=width, highlight=False, markup=False, emoji=False)
    with console.capture() as capture:
        for by in which:
            console.print(_table(by, stats.groups(by), measure, top))
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def _table(by: By, groups: Mapping[str, Figures], measure: Measure, top: int) -> Table:
    from rich.bar import Bar
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, title=f"by {by}", title_justify="left")
    table.add_column(by.value, overflow="fold")
    for name in ("interactions", "in", "out", "USD", "bytes", "days"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column(measure.value, width=_BAR)
    values = {name: _VALUES[measure](one) for name, one in groups.items()}
    most = max(values.values(), default=0) or 1
    for name, figures in list(groups.items())[:top]:
        table.add_row(Text(name), *_cells(figures), Bar(most, 0, values[name], width=_BAR))
    rest = list(groups.values())[top:]
    if rest:
        table.add_row(f"({len(rest):,} more)", *_cells(sum(rest, Figures())), "")
    return table


def _cells(one: Figures) -> list[str]:
    return [
        f"{one.interactions:,}",
        f"{one.usage.input_tokens:,}",
        f"{one.usage.output_tokens:,}",
        f"{one.usage.cost_usd:.4f}",
        f"{one.size:,.0f}",
        _ages(one),
    ]


def _ages(one: Figures) -> str:
    """``3-120``: days since the newest and since the oldest was recorded."""
    if not one.first:
        return "?"
    newest, oldest = _age(one.last), _age(one.first)
    return f"{newest}" if newest == oldest else f"{newest}-{oldest}"


def _age(moment: str) -> int:
    try:
        return max(0, int((time.time() - datetime.fromisoformat(moment).timestamp()) // _DAY))
    except ValueError:
        return 0


def summary(stats: Stats) -> str:
    total = stats.total
    return (
        f"{stats.cassettes:,} cassettes, {total.interactions:,} interactions, "
        f"{total.size:,.0f} bytes: a replay does not spend {total.usage.input_tokens:,} tokens in, "
        f"{total.usage.output_tokens:,} out, USD {total.usage.cost_usd:.4f}"
    )


def document(stats: Stats) -> dict[str, Any]:
    """What ``--json`` prints."""
    return {
        "cassettes": stats.cassettes,
        "total": _fields(stats.total),
        **{
            by.value: [
                {"name": name, **_fields(figures)} for name, figures in stats.groups(by).items()
            ]
            for by in By
        },
    }


def _fields(one: Figures) -> dict[str, Any]:
    return {
        "interactions": one.interactions,
        "input_tokens": one.usage.input_tokens,
        "output_tokens": one.usage.output_tokens,
        "cost_usd": one.usage.cost_usd,
        "bytes": round(one.size),
        "first_recorded": one.first or None,
        "last_recorded": one.last or None,
    }
