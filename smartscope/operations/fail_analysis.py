"""An analysis that went wrong: tried again, or dead and visible with its reason."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from smartscope.domain.actor import ANALYSIS
from smartscope.domain.status import ANALYSIS_MOVES, AnalysisState, moved
from smartscope.models import Analysis
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.hint_analysis import hint_analysis
from smartscope.operations.settle import settle_exposed


def fail_analysis(analysis_id: UUID, error: str, *, final: bool) -> None:
    """Note the error; `final` when trying again cannot help (a broken file)."""
    with transaction.atomic():
        analysis = (
            Analysis.objects.select_for_update(of=("self",), no_key=True)
            .select_related("image__grid__session")
            .get(pk=analysis_id)
        )
        if analysis.state in (AnalysisState.DONE, AnalysisState.DEAD):
            return
        if final:
            bury(analysis, error)
            return
        analysis.state = moved(
            ANALYSIS_MOVES, AnalysisState(analysis.state), AnalysisState.WANTED, "analysis"
        )
        analysis.error = error[:500]
        analysis.save(update_fields=["state", "error", "updated_at"])
        if analysis.attempts == 1:
            # most such failures have passed by now; later ones wait for the sweeper
            hint_analysis(analysis)


def bury(analysis: Analysis, error: str) -> None:
    """Give an analysis up; the run goes on without it. Needs its locked row and a transaction."""
    analysis.state = moved(
        ANALYSIS_MOVES, AnalysisState(analysis.state), AnalysisState.DEAD, "analysis"
    )
    analysis.error = error[:500]
    analysis.finished_at = timezone.now()
    analysis.save(update_fields=["state", "error", "finished_at", "updated_at"])
    hint_next_square(analysis)
    settle_exposed(analysis)
    grid = analysis.image.grid
    record_event(
        "finding.failed",
        ANALYSIS,
        Scope(grid.session.microscope_id, grid.session_id, grid.pk),
        Told(subjects=[analysis.image_id], reason=error, after={"analysis": analysis.kind}),
    )


def hint_next_square(analysis: Analysis) -> None:
    """Squares are worked on in the order they were taken; the next one may begin now."""
    if analysis.kind != "find_holes":
        return
    waiting = (
        Analysis.objects.filter(
            kind="find_holes", image__grid=analysis.image.grid_id, state=AnalysisState.WANTED
        )
        .exclude(pk=analysis.pk)
        .order_by("image__taken_at_s")
        .first()
    )
    if waiting is not None:
        hint_analysis(waiting)
