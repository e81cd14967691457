"""Groups of holes shot by image shift from one stage position: fewest groups, all holes, limits exact."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HoleGroup:
    """One stage position: `centre` is the hole realigned on, `members` (sorted) include it."""

    centre: int
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Grouping:
    """Groups by centre; `dropped` holds (hole, reason); no plan covers all with fewer than `lower_bound`."""

    groups: tuple[HoleGroup, ...]
    dropped: tuple[tuple[int, str], ...]
    lower_bound: int
