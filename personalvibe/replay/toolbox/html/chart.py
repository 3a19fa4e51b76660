"""Bars of months, stacked by model: where each piece stands. The template draws them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 720, 220
_LEFT, _BOTTOM, _TOP = 64, 24, 12
_MOST_MODELS = 6
_MOST_MONTHS = 24
OTHERS = "other models"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A model's part of a month's bar."""

    x: float
    y: float
    width: float
    height: float
    series: int
    """The position of the model in the legend."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    title: str
    legend: tuple[str, ...]
    """Names of models."""
    pieces: tuple[Piece, ...]
    months: tuple[Tick, ...]
    values: tuple[Tick, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """The same as a table: a month, and a text for each name of the legend."""


def legend_of(months: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The models that cost most, or took most tokens: the same colours in every chart."""
    cost: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    for month in months[-_MOST_MONTHS:]:
        for model, spent in month["models"].items():
            cost[model] += spent["cost_usd"]
            tokens[model] += spent["tokens"]
    names = sorted(tokens, key=lambda model: (-cost[model], -tokens[model], model))
    return (*names[:_MOST_MODELS], *([OTHERS] if len(names) > _MOST_MODELS else []))


def chart(
    title: str,
    months: Sequence[Mapping[str, Any]],
    key: str,
    unit: str,
    legend: tuple[str, ...],
) -> Chart:
    """`key` is the field of a month's model to draw; `unit` its format, such as ``{:,}``."""
    shown = months[-_MOST_MONTHS:]
    bars = [(month["month"], _by_name(month["models"], key, legend)) for month in shown]
    most = max((sum(values) for _, values in bars), default=0)
    return Chart(
        title=title,
        legend=legend,
        pieces=tuple(_pieces(bars, legend, most, unit)),
        months=tuple(
            Tick(at=_left(n, len(bars)) + _step(len(bars)) / 2, text=month)
            for n, (month, _) in enumerate(bars)
            if n % (len(bars) // 8 + 1) == 0
        ),
        values=tuple(
            Tick(at=_y(most * part, most), text=unit.format(_whole(most * part, most)))
            for part in (0, 0.5, 1)
        ),
        rows=tuple((month, tuple(unit.format(one) for one in values)) for month, values in bars),
    )


def _by_name(
    models: Mapping[str, Mapping[str, Any]], key: str, legend: Sequence[str]
) -> list[float]:
    found = dict.fromkeys(legend, 0)
    for model, spent in models.items():
        found[model if model in found else OTHERS] += spent[key]
    return list(found.values())


def _pieces(
    bars: Sequence[tuple[str, Sequence[float]]], legend: Sequence[str], most: float, unit: str
) -> Iterator[Piece]:
    width = min(_step(len(bars)) * 0.7, 64)
    for number, (month, values) in enumerate(bars):
        below = 0.0
        for series, value in enumerate(values):
            if value:
                top = _y(below + value, most)
                yield Piece(
                    x=round(_left(number, len(bars)) + (_step(len(bars)) - width) / 2, 1),
                    y=round(top, 1),
                    width=round(width, 1),
                    height=round(_y(below, most) - top, 1),
                    series=series,
                    text=f"{month}, {legend[series]}: {unit.format(value)}",
                )
            below += value


def _step(count: int) -> float:
    return (WIDTH - _LEFT) / max(count, 1)


def _left(number: int, count: int) -> float:
    return _LEFT + number * _step(count)


def _y(value: float, most: float) -> float:
    height = HEIGHT - _BOTTOM - _TOP
    return HEIGHT - _BOTTOM - (height * value / most if most else 0)


def _whole(value: float, most: float) -> float:
    """Tokens come in whole numbers, dollars do not."""
    return int(value) if isinstance(most, int) else value
