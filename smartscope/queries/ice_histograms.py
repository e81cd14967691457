"""How thick the ice is on each grid of a session: holes counted by thickness, as a ranking shows.

Holes that another program found are left out; a hole without a measured thickness is no hole of
thickness zero, and is counted apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Aggregate, Count, F, FloatField, IntegerField, Q, Value
from django.db.models.functions import Floor, Least

from smartscope.models import Hole, Session

BIN_NM = 10
#: what is thicker than all others together stands in the last
BINS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class IceHistogram:
    """`counts[n]` holes have n * BIN_NM nm or more and less than the next; the last is open."""

    grid: UUID
    counts: Sequence[int]
    median_nm: float | None
    unmeasured: int


class _Median(Aggregate):
    """The middle of the known values of a group of rows."""

    template = "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


def ice_histograms(session: Session) -> list[IceHistogram]:
    """One per grid on which a hole is known, by slot. Two queries."""
    holes = Hole.objects.filter(square__grid__session=session, square__external=False)
    in_bin = Least(
        Floor(F("ice_thickness_nm") / Value(float(BIN_NM))),
        Value(float(BINS - 1)),
        output_field=IntegerField(),
    )
    counted = (
        holes.filter(ice_thickness_nm__isnull=False)
        .annotate(bin=in_bin)
        .order_by()
        .values_list("square__grid", "bin")
        .annotate(n=Count("pk"))
    )
    bins: dict[UUID, list[int]] = {}
    for grid, number, n in counted:
        bins.setdefault(grid, [0] * BINS)[max(0, int(number))] += n
    per_grid = (
        holes.order_by("square__grid__position")
        .values_list("square__grid")
        .annotate(
            middle=_Median(F("ice_thickness_nm")),
            unmeasured=Count("pk", filter=Q(ice_thickness_nm__isnull=True)),
        )
    )
    return [
        IceHistogram(
            grid=grid,
            counts=bins.get(grid, [0] * BINS),
            median_nm=middle,
            unmeasured=unmeasured,
        )
        for grid, middle, unmeasured in per_grid
    ]
