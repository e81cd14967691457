"""The exposures of a grid that a picker can learn from: those people clicked on, then others."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from smartscope.analysis.picking.people import Told
from smartscope.models import Exposure, Grid, Image, PickEdit, Picking
from smartscope.queries.picks import edits_of, told_by

#: more would take longer than a person waits, and teach little
MOST_EXPOSURES = 8
#: the rest are looked at for what nobody clicked on
MOST_CLICKED = 6


@dataclass(frozen=True, slots=True, eq=False)
class ClickedExposure:
    """`told` in pixels of `image`."""

    exposure: Exposure
    image: Image
    told: Told


def clicks_of(grid: Grid) -> tuple[int, int]:
    """Places pointed at, and picks taken away, that were not withdrawn."""
    rows = PickEdit.objects.filter(exposure__hole__square__grid=grid, withdrawn=False)
    said = rows.aggregate(
        added=Count("pk", filter=Q(is_particle=True)),
        removed=Count("pk", filter=Q(is_particle=False)),
    )
    return said["added"], said["removed"]


def clicked_exposures(grid: Grid) -> list[ClickedExposure]:
    """At most eight, those with most clicks first."""
    rows = (
        Picking.objects.filter(exposure__hole__square__grid=grid, threshold__isnull=False)
        .select_related("exposure", "analysis__image")
        .annotate(
            clicks=Count("exposure__pick_edits", filter=Q(exposure__pick_edits__withdrawn=False))
        )
        .order_by("-clicks", "exposure__exposed_at_s", "pk")
    )
    clicked = rows.filter(clicks__gt=0)[:MOST_CLICKED]
    chosen = list(clicked)
    chosen += rows.filter(clicks=0)[: MOST_EXPOSURES - len(chosen)]
    return [
        ClickedExposure(one.exposure, one.analysis.image, told_by(edits_of(one.exposure)))
        for one in chosen
    ]
