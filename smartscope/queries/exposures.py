"""Exposures as they are shown: with the reason why one was given up unmeasured."""

from __future__ import annotations

from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from smartscope.domain.errors import NotFound
from smartscope.domain.status import AnalysisState
from smartscope.models import Analysis, Exposure
from smartscope.queries.visible import Reader, visible_exposures


def exposures_of_grid(reader: Reader, grid: UUID) -> list[UUID]:
    """Ids, in the order they were taken. Raises NotFound where there is none yet."""
    return _ids(visible_exposures(reader).filter(hole__square__grid=grid), "grid")


def exposures_of_square(reader: Reader, square: UUID) -> list[UUID]:
    """As `exposures_of_grid`."""
    return _ids(visible_exposures(reader).filter(hole__square=square), "square")


def _ids(rows: QuerySet[Exposure], where: str) -> list[UUID]:
    found = list(rows.order_by("exposed_at_s", "pk").values_list("pk", flat=True))
    if not found:
        raise NotFound(f"Nothing is exposed on this {where} yet.")
    return found


def exposures_shown(reader: Reader) -> QuerySet[Exposure]:
    """`trouble` is what the last try to measure it said; blank when it is measured or waits."""
    given_up = Analysis.objects.filter(
        image=OuterRef("movie"), kind="measure_exposure", state=AnalysisState.DEAD
    )
    last = Subquery(given_up.order_by("-finished_at").values("error")[:1])
    trouble = Coalesce(last, Value(""))
    related = visible_exposures(reader).select_related(
        "hole", "fine_sum__analysis", "picking__analysis", "denoised__analysis"
    )
    # who lists exposures wants their counts, not where each particle is
    return related.annotate(trouble=trouble).defer("picking__packed")
