"""Whether a lost map, an atlas or a square view, is taken once more by itself: by its dose.

A map that was lost may have spent its dose, so another adds to it on every hole of its area. All
that a place gets for maps is to stay a small part of what its exposure gives it.
"""

from __future__ import annotations

from collections.abc import Sequence

#: of the dose of an exposure: 2 of 40 e/Å², below the critical exposure of the finest detail, which
#: is 2.8 e/Å² at 300 kV (Grant & Grigorieff 2015, eLife 4, e06980, equation 3)
MAP_PART = 0.05


def may_map_again(lost_e_per_a2: Sequence[float], *, record_e_per_a2: float) -> bool:
    """Whether another map like the most costly lost one keeps all of them within the budget.

    Doses in e/Å², those of maps that were lost or given up in the same area.
    """
    again = max(lost_e_per_a2, default=0.0)
    return sum(lost_e_per_a2) + again <= MAP_PART * record_e_per_a2
