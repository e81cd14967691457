"""Which candidates to image so that every kind is seen: one rule for diverse, representative
and best.

It chooses among what is eligible and decides nothing about eligibility; people's choices are given
as already chosen and count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from smartscope.domain.geometry import Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A square, hole or group that may be chosen.

    `clusters` are the kinds it would show (a group shows those of all its members). `value` is what
    the kinds are made of, ice in nm or size in µm²; `None` where unknown.
    """

    id: str
    position: Point
    clusters: tuple[int, ...]
    value: float | None = None


def choose_diverse(
    candidates: Sequence[Candidate],
    count: int,
    already_chosen: Sequence[Candidate] = (),
    *,
    weights: Mapping[int, float] | None = None,
) -> tuple[str, ...]:
    """Ids of up to `count` candidates, in the order chosen; the same whatever order they come in.

    The next cluster is the one with the largest w / (2n + 1), n chosen from it so far (Webster's
    divisors): equal weights (the default) make the sample diverse, populations make it
    representative, expected yields best. From a cluster first its medoid, then what is farthest
    from all chosen, in stage distance and value on their own scales. Ties go to the lowest cluster
    and id.
    """
    waiting = sorted(candidates, key=lambda candidate: candidate.id)
    scales = _scales([*waiting, *already_chosen])
    chosen = list(already_chosen)
    taken = {candidate.id for candidate in already_chosen}
    waiting = [candidate for candidate in waiting if candidate.id not in taken]
    picked: list[str] = []
    while waiting and len(picked) < count:
        cluster = _next_cluster(waiting, chosen, weights)
        pool = [c for c in waiting if cluster in c.clusters] if cluster is not None else waiting
        seen = [c for c in chosen if cluster is None or cluster in c.clusters]
        best = _farthest(pool, chosen, scales) if seen else _medoid(pool, scales)
        picked.append(best.id)
        chosen.append(best)
        waiting.remove(best)
    return tuple(picked)


def _next_cluster(
    waiting: Sequence[Candidate], chosen: Sequence[Candidate], weights: Mapping[int, float] | None
) -> int | None:
    """The cluster that is owed most; `None` when no candidate belongs to any."""
    open_clusters = sorted({cluster for candidate in waiting for cluster in candidate.clusters})
    if not open_clusters:
        return None

    def claim(cluster: int) -> float:
        had = sum(cluster in candidate.clusters for candidate in chosen)
        weight = 1.0 if weights is None else weights.get(cluster, 0.0)
        return weight / (2 * had + 1)

    return max(open_clusters, key=lambda cluster: (claim(cluster), -cluster))


def _scales(candidates: Sequence[Candidate]) -> tuple[float, float]:
    """Root mean square spread of positions (µm) and of values; 1 where there is none."""
    if not candidates:
        return 1.0, 1.0
    xs = [candidate.position.x_um for candidate in candidates]
    ys = [candidate.position.y_um for candidate in candidates]
    values = [candidate.value for candidate in candidates if candidate.value is not None]
    across = math.hypot(_spread(xs), _spread(ys))
    return across or 1.0, _spread(values) or 1.0


def _spread(numbers: Sequence[float]) -> float:
    if not numbers:
        return 0.0
    mean = math.fsum(numbers) / len(numbers)
    return math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / len(numbers))


def _distance(one: Candidate, other: Candidate, scales: tuple[float, float]) -> float:
    apart = one.position.distance_um(other.position) / scales[0]
    if one.value is None or other.value is None:
        return apart
    return math.hypot(apart, (one.value - other.value) / scales[1])


def _medoid(pool: Sequence[Candidate], scales: tuple[float, float]) -> Candidate:
    """The candidate with the least total distance to the others; the lowest id among equals."""
    return min(pool, key=lambda c: (math.fsum(sorted(_distance(c, o, scales) for o in pool)), c.id))


def _farthest(
    pool: Sequence[Candidate], chosen: Sequence[Candidate], scales: tuple[float, float]
) -> Candidate:
    """The candidate whose nearest chosen neighbour is farthest; the lowest id among equals."""
    return min(pool, key=lambda c: (-min(_distance(c, o, scales) for o in chosen), c.id))
