"""Which grid to collect on, and why: the ranking as plain values, best first."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import F

from smartscope.models import Grid

FIELDS = (
    "slug",
    "name",
    "status",
    "status_reason",
    "suggested_verdict",
    "verdict",
    "confidence",
    "holes_in_range",
    "success_rate",
    "expected_usable_holes",
    "verdict_reasons",
)


def grid_verdicts(session: UUID) -> list[dict[str, Any]]:
    """One mapping per grid, by expected usable holes; grids not judged yet come last."""
    grids = Grid.objects.filter(session=session)
    best_first = grids.order_by(F("expected_usable_holes").desc(nulls_last=True), "position")
    return list(best_first.values(*FIELDS))
