"""Choose targets that represent what is there: clusters in turn, then far apart within each.

One rule for three aims: the next cluster is arg max w_c / (2 n_c + 1), with n_c chosen so far (the
divisor method of Sainte-Laguë); inside it the medoid first, then the candidate farthest from those chosen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from smartscope.domain.geometry import Point


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that may be chosen; `value` (ice in nm, say) spreads the choice as place does."""

    id: UUID
    number: int
    cluster: int
    at: Point
    value: float = 0.0


def choose_diverse(
    candidates: Sequence[Candidate],
    count: int,
    *,
    chosen: Sequence[Candidate] = (),
    weights: Mapping[int, float] | None = None,
) -> tuple[UUID, ...]:
    """Ids of at most `count` candidates, in the order they were chosen.

    `chosen` were taken before and count. `weights` per cluster: equal (None) is diverse, population
    is representative, expected yield is best. Ties go to the lower cluster and number.
    """
    scale = _scale([*candidates, *chosen])
    taken = list(chosen)
    left = sorted(candidates, key=lambda candidate: candidate.number)
    picked: list[UUID] = []
    while left and len(picked) < count:
        cluster = _next_cluster(left, taken, weights)
        best = _next_inside([c for c in left if c.cluster == cluster], taken, scale)
        left.remove(best)
        taken.append(best)
        picked.append(best.id)
    return tuple(picked)


def _next_cluster(
    left: Sequence[Candidate], taken: Sequence[Candidate], weights: Mapping[int, float] | None
) -> int:
    def merit(cluster: int) -> tuple[float, int]:
        share = 1.0 if weights is None else weights.get(cluster, 0.0)
        n = sum(candidate.cluster == cluster for candidate in taken)
        return share / (2 * n + 1), -cluster

    return max({candidate.cluster for candidate in left}, key=merit)


def _next_inside(
    members: Sequence[Candidate], taken: Sequence[Candidate], scale: tuple[float, float]
) -> Candidate:
    same = [candidate for candidate in taken if candidate.cluster == members[0].cluster]
    if not same:
        return _medoid(members, scale)
    return max(
        members,
        key=lambda candidate: (
            min(_distance(candidate, other, scale) for other in same),
            -candidate.number,
        ),
    )


def _medoid(members: Sequence[Candidate], scale: tuple[float, float]) -> Candidate:
    """The member nearest to the cluster's mean place and value."""
    n = len(members)
    mean = Candidate(
        members[0].id,
        0,
        members[0].cluster,
        Point(sum(m.at.x_um for m in members) / n, sum(m.at.y_um for m in members) / n),
        sum(m.value for m in members) / n,
    )
    return min(members, key=lambda member: (_distance(member, mean, scale), member.number))


def _distance(one: Candidate, other: Candidate, scale: tuple[float, float]) -> float:
    place_um, value = scale
    return math.hypot(one.at.distance_um(other.at) / place_um, (one.value - other.value) / value)


def _scale(candidates: Sequence[Candidate]) -> tuple[float, float]:
    """The extent of places (µm) and of values, so that both count alike; never zero."""
    if not candidates:
        return 1.0, 1.0
    xs = [candidate.at.x_um for candidate in candidates]
    ys = [candidate.at.y_um for candidate in candidates]
    values = [candidate.value for candidate in candidates]
    return (
        math.hypot(max(xs) - min(xs), max(ys) - min(ys)) or 1.0,
        (max(values) - min(values)) or 1.0,
    )
