"""What share of a grid's holes the judged exposures say are usable, however they were chosen.

Screening shows every kind of ice about equally often, so rare kinds are exposed more often than
they occur. Each exposure stands for the holes of its own kind (post-stratification, as in the
theory of samples); nothing is said of squares in which nothing was exposed.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Holes of one square and one cluster of ice.

    `in_range` counts those that may be exposed or were, `judged` their analysed exposures and
    `usable` the usable ones among these. `grey` is their mean intensity, None where unknown.
    """

    square: Hashable
    grey: float | None
    in_range: int
    judged: int
    usable: int


@dataclass(frozen=True, slots=True)
class UsableShare:
    """The share (0 to 1), and how many exposures taken at random would say it as surely."""

    share: float
    exposures: float


def usable_share(kinds: Iterable[Kind]) -> UsableShare | None:
    """None when nothing was judged.

    A kind without exposures is represented by the kind of its own square that is nearest in grey.
    The number of exposures is Kish's effective size, (sum w)² / sum w² (Survey Sampling, 1965).
    """
    squares: dict[Hashable, list[Kind]] = {}
    for kind in kinds:
        squares.setdefault(kind.square, []).append(kind)
    known = [kind for square in squares.values() for kind in _represented(square)]
    if not known:
        return None
    # a hole that was exposed counts, whatever a person said of it since
    holes = [max(kind.in_range, kind.judged) for kind in known]
    usable = sum(size * kind.usable / kind.judged for size, kind in zip(holes, known, strict=True))
    squared = sum(size**2 / kind.judged for size, kind in zip(holes, known, strict=True))
    return UsableShare(usable / sum(holes), sum(holes) ** 2 / squared)


def _represented(kinds: Sequence[Kind]) -> list[Kind]:
    """The kinds of one square that were exposed, each with the holes of those it stands for."""
    seen = [kind for kind in kinds if kind.judged > 0]
    if not seen:
        return []
    holes = [kind.in_range for kind in seen]
    for kind in kinds:
        if kind.judged == 0:
            nearest = min(range(len(seen)), key=lambda place: _apart(kind, seen[place]))
            holes[nearest] += kind.in_range
    return [replace(kind, in_range=size) for kind, size in zip(seen, holes, strict=True)]


def _apart(one: Kind, other: Kind) -> float:
    if one.grey is None or other.grey is None:
        return float("inf")
    return abs(one.grey - other.grey)
