"""What a limit on a measured value keeps and loses, before anybody sets it.

Values are stored once and classes follow from limits when read, so a preview costs nothing and
changes nothing. A person's word stands above every limit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Inclusive; None is open on that side."""

    low: float | None = None
    high: float | None = None

    def keep(self, value: float) -> bool:
        """Whether a value lies within."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


@dataclass(frozen=True, slots=True)
class Judged:
    """A target as a limit sees it.

    `value` is None where nothing was measured. `word` is a person's: True wants it whatever its
    value, False excludes it. `wanted` is whether it counts now. `spent` targets stay what they are.
    """

    value: float | None
    word: bool | None
    wanted: bool
    spent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """Counts of targets: those that count now and would (`kept`), would not any more (`lost`),
    would anew (`gained`), and never mind the limit: unmeasured, decided by people, or exposed.
    Of those decided by people, `overruled` lie outside the limit and are wanted all the same.
    """

    kept: int = 0
    lost: int = 0
    gained: int = 0
    out: int = 0
    unmeasured: int = 0
    by_people: int = 0
    overruled: int = 0
    spent: int = 0


def consequence(targets: Iterable[Judged], limits: Limits) -> Consequence:
    """What the limits would do to these targets."""
    counts = dict.fromkeys(Consequence.__dataclass_fields__, 0)
    for target in targets:
        fate = _fate(target, limits)
        counts[fate] += 1
        if fate == "by_people" and _is_overruled(target, limits):
            counts["overruled"] += 1
    return Consequence(**counts)


def _is_overruled(target: Judged, limits: Limits) -> bool:
    return target.word is True and target.value is not None and not limits.keep(target.value)


def _fate(target: Judged, limits: Limits) -> str:
    if target.spent:
        return "spent"
    if target.word is not None:
        return "by_people"
    if target.value is None:
        return "unmeasured"
    if limits.keep(target.value):
        return "kept" if target.wanted else "gained"
    return "lost" if target.wanted else "out"
