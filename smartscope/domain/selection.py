"""Which candidates to image so that every kind is seen: one rule for diverse, representative
and best.

It chooses among what is eligible and decides nothing about eligibility; people's choices are given
as already chosen and count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from smartscope.domain.geometry import Point
from smartscope.domain.protocol import Aim


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


@dataclass(frozen=True, slots=True)
class Chosen:
    """A choice and its reason, a phrase that begins small."""

    id: str
    why: str


def choose(
    candidates: Sequence[Candidate],
    count: int,
    already_chosen: Sequence[Candidate] = (),
    *,
    aim: Aim = Aim.DIVERSE,
    yields: Mapping[int, float] | None = None,
) -> tuple[Chosen, ...]:
    """Up to `count` candidates, in the order chosen; the same whatever order they come in.

    The next cluster is the one with the largest w / (2n + 1), n chosen from it so far (Webster's
    divisors). `DIVERSE` gives all clusters the same w, `BEST` their `yields` (expected usable
    share). `REPRESENTATIVE` takes for clusters as many classes of equal population as will have
    been chosen, by value: a sample of the middles of such classes is the one nearest to the whole
    in earth-mover distance. From a cluster first its medoid, then what is farthest from all chosen,
    in stage distance and value on their own scales. Ties go to the lowest cluster and id.
    """
    waiting = sorted(candidates, key=lambda candidate: candidate.id)
    chosen = list(already_chosen)
    if aim is Aim.REPRESENTATIVE:
        waiting, chosen = _by_population(waiting, chosen, count)
    scales = _scales([*waiting, *chosen], by_place=aim is not Aim.REPRESENTATIVE)
    weights = yields if aim is Aim.BEST else None
    taken = {candidate.id for candidate in chosen}
    waiting = [candidate for candidate in waiting if candidate.id not in taken]
    picked: list[Chosen] = []
    while waiting and len(picked) < count:
        cluster = _next_cluster(waiting, chosen, weights)
        pool = [c for c in waiting if cluster in c.clusters] if cluster is not None else waiting
        seen = [c for c in chosen if cluster is None or cluster in c.clusters]
        best = _farthest(pool, chosen, scales) if seen else _medoid(pool, scales)
        picked.append(Chosen(best.id, _why(cluster, len(pool), len(seen), aim)))
        chosen.append(best)
        waiting.remove(best)
    return tuple(picked)


def _why(cluster: int | None, among: int, before: int, aim: Aim) -> str:
    kind = "of those of no kind" if cluster is None else f"of kind {cluster + 1}"
    how = "farthest from those chosen" if before else "most typical"
    return f"{aim}: the {how} {kind} ({among} to choose from, {before} chosen before)"


def _by_population(
    candidates: Sequence[Candidate], chosen: Sequence[Candidate], count: int
) -> tuple[list[Candidate], list[Candidate]]:
    """The same with classes of equal population by value; without a value none is changed."""
    parts = len(chosen) + count
    measured = sorted(
        (c.value, c.id)
        for c in {c.id: c for c in (*candidates, *chosen)}.values()
        if c.value is not None
    )
    part = {name: rank * parts // len(measured) for rank, (_, name) in enumerate(measured)}

    def renamed(candidate: Candidate) -> Candidate:
        if candidate.id not in part:
            return candidate
        return replace(candidate, clusters=(part[candidate.id],))

    return [renamed(c) for c in candidates], [renamed(c) for c in chosen]


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


def _scales(candidates: Sequence[Candidate], *, by_place: bool) -> tuple[float, float]:
    """Root mean square spread of positions (µm) and of values; 1 where there is none.

    Where place does not count its scale is infinite.
    """
    if not candidates:
        return 1.0, 1.0
    xs = [candidate.position.x_um for candidate in candidates]
    ys = [candidate.position.y_um for candidate in candidates]
    values = [candidate.value for candidate in candidates if candidate.value is not None]
    across = math.hypot(_spread(xs), _spread(ys))
    return (across or 1.0) if by_place else math.inf, _spread(values) or 1.0


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
