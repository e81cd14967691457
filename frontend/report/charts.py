"""Small charts as numbers a template can draw: bars of a histogram in a box of 240 x 64."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from smartscope.queries.report.values import Distribution

WIDTH, HEIGHT = 240.0, 64.0
MOST_BARS = 24


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar in the box, from the top left; `inside` when its middle is in the wanted range."""

    x: float
    y: float
    width: float
    height: float
    inside: bool


@dataclass(frozen=True, slots=True)
class Histogram:
    """Bars, and the ends of the axis as people read them."""

    name: str
    unit: str
    count: int
    median: str
    low: str
    high: str
    wanted: str
    beyond: int
    bars: tuple[Bar, ...]


def histogram(distribution: Distribution) -> Histogram:
    """Bars of a round width over the bulk of the values; a long tail is counted, not drawn."""
    values = _bulk(distribution.values)
    step = _round_step(max(values) - min(values), _wished_bars(len(values)))
    first = math.floor(min(values) / step)
    counts = [0] * (math.floor(max(values) / step) - first + 1)
    for value in values:
        counts[math.floor(value / step) - first] += 1
    return Histogram(
        name=distribution.name,
        unit=distribution.unit,
        count=len(distribution.values),
        median=number(distribution.median),
        low=number(first * step),
        high=number((first + len(counts)) * step),
        wanted="" if distribution.wanted is None else " to ".join(map(number, distribution.wanted)),
        beyond=len(distribution.values) - len(values),
        bars=_bars(counts, first, step, distribution.wanted),
    )


def _bulk(values: Sequence[float]) -> list[float]:
    """All of them, or without the highest 5 % when these lie more than twice as far out."""
    ordered = sorted(values)
    highest = ordered[int(0.95 * (len(ordered) - 1))]
    reach = highest - ordered[0]
    return [value for value in ordered if value <= highest + reach] if reach > 0 else ordered


def number(value: float) -> str:
    """Two decimals at most, fewer for large numbers."""
    decimals = 0 if abs(value) >= 20 else 1 if abs(value) >= 2 else 2
    return f"{value:,.{decimals}f}"


def _bars(
    counts: Sequence[int], first: int, step: float, wanted: tuple[float, float] | None
) -> tuple[Bar, ...]:
    width = WIDTH / len(counts)
    highest = max(counts)
    return tuple(
        Bar(
            x=round(n * width, 2),
            y=round(HEIGHT * (1 - count / highest), 2),
            width=round(0.9 * width, 2),
            height=round(HEIGHT * count / highest, 2),
            inside=wanted is None or wanted[0] <= (first + n + 0.5) * step <= wanted[1],
        )
        for n, count in enumerate(counts)
        if count
    )


def _wished_bars(values: int) -> int:
    return min(MOST_BARS, max(4, round(2.0 * math.cbrt(values))))


def _round_step(spread: float, bars: int) -> float:
    """1, 2 or 5 times a power of ten, so that about `bars` of it cover the spread."""
    if spread <= 0:
        return 1.0
    raw = spread / bars
    power = 10.0 ** math.floor(math.log10(raw))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
