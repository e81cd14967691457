"""The exposures of a grid that hold particles, as exports need them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from smartscope.analysis.base import FloatArray
from smartscope.models import Exposure, Grid, Image, Picking
from smartscope.queries.picks import edits_of, seen


@dataclass(frozen=True, slots=True, eq=False)
class PickedExposure:
    """`particles_px` (n, 2) in pixels of `image`, `scores` (n,); what people said is heard."""

    exposure: Exposure
    image: Image
    particles_px: FloatArray
    scores: FloatArray
    diameter_angstrom: float | None


def how_many_picked(grid: Grid, chosen: Sequence[UUID] | None) -> int:
    """Exposures with at least one particle."""
    return _rows(grid, chosen).count()


def picked_exposures(grid: Grid, chosen: Sequence[UUID] | None) -> Iterator[PickedExposure]:
    """In the order they were taken; `chosen` None: all of the grid."""
    rows = _rows(grid, chosen).select_related("picking__analysis__image", "hole")
    for exposure in rows.order_by("exposed_at_s", "pk").iterator(chunk_size=50):
        picking: Picking = getattr(exposure, "picking")  # noqa: B009 (a relation from there)
        state = seen(picking, edits_of(exposure))
        yield PickedExposure(
            exposure,
            picking.analysis.image,
            state.particles_px,
            state.particle_scores,
            picking.diameter_angstrom,
        )


def _rows(grid: Grid, chosen: Sequence[UUID] | None) -> QuerySet[Exposure]:
    rows = Exposure.objects.filter(hole__square__grid=grid, particles__gt=0)
    return rows if chosen is None else rows.filter(pk__in=chosen)
