"""What counts of particles say of a grid: how many are usual, when an exposure holds none, and how
many are needed to learn from them.

A count of nought is no fault by itself: small molecules cannot be seen in one exposure. It is one
where the same grid's other exposures show that these particles can be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

#: with fewer clicks a picker learns nothing
FEWEST_CLICKS = 6
#: with fewer particles there are no class averages
FEWEST_TO_AVERAGE = 32
#: otherwise usable exposures that must have been counted before the counts say anything (assumed)
LEAST_COUNTED = 5
#: a usual count below this may be chance picks alone (assumed)
LEAST_USUAL = 10.0
#: of the usual count: an exposure with less is empty (assumed)
EMPTY_SHARE = 0.1


def usual_count(counts: Sequence[int]) -> float | None:
    """The median of counts of otherwise usable exposures; None while too few were counted."""
    return float(median(counts)) if len(counts) >= LEAST_COUNTED else None


def fewest_particles(counts: Sequence[int]) -> float | None:
    """An exposure of this grid with fewer is empty; None where that cannot be said."""
    usual = usual_count(counts)
    return None if usual is None or usual < LEAST_USUAL else EMPTY_SHARE * usual
