"""Ice clusters of a grid and which of them to leave out; people's words always override this."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

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
    darkest cluster, "when_separated" only when it stands apart (Ashman's D > 2), "never" none.
    Unless it is "never", holes thicker than the limit are rejected as "thick" whatever their
    cluster.
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
    if _goes(rejection, division, len(natural), separation):
        darkest = [n for n, c in zip(usable, division.cluster, strict=True) if c == 0]
        rejected |= dict.fromkeys(darkest, "darkest")
    if rejection != "never" and thickness_limit_nm is not None:
        over = [n for n, t in enumerate(thickness) if t is not None and t > thickness_limit_nm]
        rejected |= dict.fromkeys(over, "thick")
    return HoleClusters(
        cluster=tuple(assigned),
        mean_relative_intensity=tuple(float(v) for v in np.exp(division.means)),
        population=tuple(int(v) for v in division.sizes),
        rejected=dict(sorted(rejected.items())),
        ashman_d=separation,
    )


def _goes(
    rejection: str, division: Partition, natural_clusters: int, separation: float | None
) -> bool:
    """Whether the darkest cluster is left out; one cluster alone always stays."""
    if rejection == "never" or len(division) < 2:
        return False
    if rejection == "always":
        return True
    return separation is not None and separation > SEPARATED and natural_clusters > 1
