"""Findings recognised as targets that already have a row, so that people's labels stay with
them.
"""

from __future__ import annotations

from collections.abc import Sequence

from smartscope.analysis.base import KnownTarget
from smartscope.domain.geometry import Point


def recognise(
    positions: Sequence[Point], known: Sequence[KnownTarget], within_um: float
) -> dict[int, KnownTarget]:
    """Finding number to known target, one to one, nearest pairs first, at most `within_um`
    apart.
    """
    pairs = sorted(
        (distance, number, target.id, place)
        for number, position in enumerate(positions)
        for place, target in enumerate(known)
        if (distance := position.distance_um(target.position)) <= within_um
    )
    matched: dict[int, KnownTarget] = {}
    taken: set[str] = set()
    for _, number, identity, place in pairs:
        if number not in matched and identity not in taken:
            matched[number] = known[place]
            taken.add(identity)
    return matched
