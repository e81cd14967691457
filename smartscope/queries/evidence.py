"""What a grid's rows say about its worth: the counts the ranking judges by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median
from uuid import UUID

from django.db.models import Avg, Count, Q
from django.db.models.expressions import Value
from django.db.models.functions import Coalesce, NullIf

from smartscope.domain.particles import fewest_particles, usual_count
from smartscope.domain.ranking import USABLE_CLASSES, Exposed, fault_of, usable
from smartscope.domain.status import ExposureStatus, TargetStatus
from smartscope.domain.usable_share import Kind, usable_share
from smartscope.domain.verdict import Evidence
from smartscope.models import Exposure, Grid, Hole, Square
from smartscope.queries.exposed import exposed

T = TargetStatus
#: a square and a cluster of ice in it
Place = tuple[UUID, int | None]
_SEEN = (T.ANALYSED, T.DONE)
#: a hole is in range unless a finder or a person found a reason against it
_IN_RANGE = ~Q(status__in=(T.REJECTED, T.SKIPPED, T.LOST))


def evidence_of(grid: Grid) -> Evidence:
    """Counts over the grid's own squares; squares of an imported session do not count."""
    squares = Square.objects.filter(grid=grid, external=False)
    classes = dict(
        squares.annotate(kind=Coalesce(NullIf("label", Value("")), "model_label"))
        .values_list("kind")
        .annotate(n=Count("pk"))
    )
    holes = _holes(grid)
    worst = max(
        ((n, kind) for kind, n in classes.items() if kind and kind not in USABLE_CLASSES),
        default=(0, ""),
    )
    places, exposures = _exposures(grid)
    limits = (grid.ice_min_nm, grid.ice_max_nm)
    counts = [
        exposed.particles
        for exposed in exposures
        if exposed.particles is not None and usable(exposed, ice_range_nm=limits)
    ]
    fewest = fewest_particles(counts)
    judged = [
        fault_of(exposed, ice_range_nm=limits, fewest_particles=fewest) for exposed in exposures
    ]
    return Evidence(
        atlas_analysed=bool(classes) or squares.exists(),
        squares_found=sum(classes.values()),
        good_squares=sum(n for kind, n in classes.items() if kind in USABLE_CLASSES),
        squares_imaged=Square.objects.filter(grid=grid, status__in=_SEEN).count(),
        holes_seen=sum(seen for seen, _, _ in holes.values()),
        holes_in_range=sum(in_range for _, in_range, _ in holes.values()),
        exposures_judged=len(judged),
        exposures_good=sum(fault is None for fault in judged),
        share=usable_share(_kinds(holes, places, [fault is None for fault in judged])),
        exposure_faults=tuple(
            (fault.value, count) for fault, count in Counter(filter(None, judged)).most_common()
        ),
        ice_median_nm=_ice_median_nm(grid),
        ice_min_nm=grid.ice_min_nm,
        ice_max_nm=grid.ice_max_nm,
        worst_class=worst[1],
        worst_class_count=worst[0],
        particles_counted=len(counts),
        particles_usual=usual_count(counts),
        fewest_particles=fewest,
    )


def _holes(grid: Grid) -> dict[Place, tuple[int, int, float | None]]:
    """Per square imaged and cluster of ice: holes seen, of them in range, and their mean grey."""
    rows = (
        Hole.objects.filter(square__grid=grid, square__status__in=_SEEN)
        .values_list("square", "cluster")
        .annotate(
            seen=Count("pk"),
            in_range=Count("pk", filter=_IN_RANGE),
            grey=Avg("intensity"),
        )
    )
    return {(square, cluster): (seen, ready, grey) for square, cluster, seen, ready, grey in rows}


def _kinds(
    holes: dict[Place, tuple[int, int, float | None]],
    places: Sequence[Place],
    usable: Sequence[bool],
) -> list[Kind]:
    """In a fixed order, so that equal distances are decided alike every time."""
    judged = Counter(places)
    good = Counter(place for place, is_usable in zip(places, usable, strict=True) if is_usable)
    return [
        Kind(square=place[0], grey=grey, in_range=ready, judged=judged[place], usable=good[place])
        for place, (_, ready, grey) in sorted(
            holes.items(), key=lambda item: (item[0][0], -1 if item[0][1] is None else item[0][1])
        )
    ]


def _exposures(grid: Grid) -> tuple[list[Place], list[Exposed]]:
    """Where the analysed exposures were taken, and what they showed."""
    rows = Exposure.objects.filter(hole__square__grid=grid, status=ExposureStatus.ANALYSED)
    places, exposures = [], []
    for (square, cluster), judged in exposed(rows, "hole__square", "hole__cluster"):
        places.append((square, cluster))
        exposures.append(judged)
    return places, exposures


def _ice_median_nm(grid: Grid) -> float | None:
    rows = Hole.objects.filter(square__grid=grid, square__status__in=_SEEN)
    values = [ice for ice in rows.values_list("ice_thickness_nm", flat=True) if ice is not None]
    return median(values) if values else None
