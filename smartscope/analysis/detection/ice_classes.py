"""Ice clusters of a grid and which of them to leave out; people's words always override this."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from smartscope.analysis.base import FloatArray
from smartscope.analysis.detection.clusters import Partition, ashman_d, best_partition, partition
from smartscope.analysis.findings import HoleClusters
from smartscope.domain.errors import SmartscopeError

REJECTIONS = ("always", "when_separated", "never")
EMPTY_BELOW_NM = 5.0
SEPARATED = 2.0
#: Below this many holes there is nothing to learn a distribution from.
FEWEST_HOLES = 8


class BadClusterRequest(SmartscopeError):
    """Clustering was asked for with words or numbers it does not know."""


def cluster_holes(
    relative_intensities: Sequence[float | None],
    *,
    thicknesses_nm: Sequence[float | None] | None = None,
    clusters: int | None = None,
    rejection: str = "when_separated",
    thickness_limit_nm: float | None = None,
) -> HoleClusters:
    """Cluster all holes of a grid by ln I; `clusters` None lets the data choose 1 to 6 (BIC).

    Values are greys over one common reference (I/I0 where known); `None` stays unclustered. Holes
    thinner than 5 nm are their own rejected class "empty". `rejection`: "always" rejects the
    darkest cluster, "when_separated" only when it stands apart (Ashman's D > 2) or its median
    thickness exceeds the limit, "never" none.
    """
    if rejection not in REJECTIONS or (clusters is not None and clusters < 1):
        raise BadClusterRequest(
            f"rejection={rejection!r}, clusters={clusters}: use one of {', '.join(REJECTIONS)} "
            "and at least one cluster."
        )
    count = len(relative_intensities)
    thickness = [None] * count if thicknesses_nm is None else list(thicknesses_nm)
    if len(thickness) != count:
        raise BadClusterRequest(
            f"{len(thickness)} thicknesses for {count} holes; give one for each."
        )
    rejected = {
        number: "empty"
        for number, value in enumerate(thickness)
        if value is not None and value < EMPTY_BELOW_NM
    }
    usable = [
        number
        for number, value in enumerate(relative_intensities)
        if number not in rejected and value is not None and value > 0
    ]
    assigned: list[int | None] = [None] * count
    if not usable:
        return HoleClusters(
            cluster=tuple(assigned),
            mean_relative_intensity=(),
            population=(),
            rejected=rejected,
            ashman_d=None,
        )
    values = np.log(np.array([relative_intensities[number] for number in usable], dtype=np.float64))
    natural = best_partition(values)
    division = natural if clusters is None else partition(values, clusters)
    separation = ashman_d(values, division) if len(usable) >= FEWEST_HOLES else None
    for number, cluster in zip(usable, division.cluster, strict=True):
        assigned[number] = int(cluster)
    darkest = [number for number, c in zip(usable, division.cluster, strict=True) if c == 0]
    reason = _verdict(
        rejection,
        division,
        len(natural),
        separation,
        _median(thickness, darkest),
        thickness_limit_nm,
    )
    if reason is not None:
        rejected |= dict.fromkeys(darkest, reason)
    return HoleClusters(
        cluster=tuple(assigned),
        mean_relative_intensity=tuple(float(v) for v in np.exp(division.means)),
        population=tuple(int(v) for v in division.sizes),
        rejected=dict(sorted(rejected.items())),
        ashman_d=separation,
    )


def _verdict(
    rejection: str,
    division: Partition,
    natural_clusters: int,
    separation: float | None,
    median_nm: float | None,
    limit_nm: float | None,
) -> str | None:
    """Why the darkest cluster goes, or `None` when it stays."""
    if rejection == "never":
        return None
    if rejection == "when_separated":
        if limit_nm is not None and median_nm is not None and median_nm > limit_nm:
            return "thick"
        apart = separation is not None and separation > SEPARATED and natural_clusters > 1
        return "darkest" if apart else None
    return "darkest" if len(division) > 1 else None


def _median(thickness: Sequence[float | None], numbers: Sequence[int]) -> float | None:
    known: FloatArray = np.array([t for n in numbers if (t := thickness[n]) is not None])
    return float(np.median(known)) if len(known) else None
