"""What waits to be analysed: how many images, since when, and what was given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q

from smartscope.domain.status import AnalysisState
from smartscope.models import Analysis, Session

_OPEN = Q(state__in=[AnalysisState.WANTED, AnalysisState.RUNNING])


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Analyses of one kind: find_squares, find_holes, measure_exposure, derive_preview.

    `oldest_at` is when the longest waiting one was asked for; None when none waits.
    """

    kind: str
    wanted: int
    running: int
    given_up: int
    oldest_at: datetime | None


def backlog(session: Session) -> Sequence[Waiting]:
    """By kind, in the kinds' order of names; empty before the first image. One query."""
    rows = (
        Analysis.objects.filter(image__grid__session=session)
        .values("kind")
        .annotate(
            wanted=Count("pk", filter=Q(state=AnalysisState.WANTED)),
            running=Count("pk", filter=Q(state=AnalysisState.RUNNING)),
            given_up=Count("pk", filter=Q(state=AnalysisState.DEAD)),
            oldest_at=Min("created_at", filter=_OPEN),
        )
        .order_by("kind")
    )
    return [Waiting(**row) for row in rows]
