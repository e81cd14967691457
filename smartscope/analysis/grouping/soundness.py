"""Whether groups made earlier still keep within limits, so that they need not be solved again."""

from __future__ import annotations

from collections.abc import Sequence

from smartscope.analysis.base import FloatArray
from smartscope.analysis.grouping.plan import HoleGroup
from smartscope.analysis.grouping.reach import Tilt, reach


def within_limits(
    groups: Sequence[HoleGroup],
    positions_um: FloatArray,
    *,
    radius_um: float,
    min_size: int,
    max_size: int | None,
    tilt: Tilt,
) -> bool:
    """Whether every group has its centre among its members, all of them in reach of it, and a size
    that is allowed. `positions_um` (N, 2) are what the groups' indices refer to; at radius 0 the
    smallest size has no meaning, as in `group_holes`.
    """
    graph = reach(positions_um, radius_um, tilt)
    least = 1 if radius_um == 0 else min_size
    most = len(positions_um) if max_size is None else max_size
    return all(
        group.centre in group.members
        and least <= len(group.members) <= most
        and set(group.members) <= {int(point) for point in graph.of(group.centre)}
        for group in groups
    )
