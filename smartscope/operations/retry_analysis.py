"""Try a dead analysis again: the file was repaired, or the workers were."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from smartscope.domain.actor import Actor
from smartscope.domain.errors import IllegalTransition
from smartscope.domain.status import ANALYSIS_MOVES, AnalysisState, moved
from smartscope.models import Analysis
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.hint_analysis import hint_analysis
from smartscope.queries.removed import require_file


@transaction.atomic
def retry_analysis(actor: Actor, analysis_id: UUID) -> None:
    """From dead to wanted, its attempts forgotten.

    Raises IllegalTransition when it is not dead, and Conflict where its image was removed.
    """
    analysis = (
        Analysis.objects.select_for_update(of=("self",), no_key=True)
        .select_related("image__grid__session")
        .get(pk=analysis_id)
    )
    if analysis.state != AnalysisState.DEAD:
        raise IllegalTransition(f"The analysis is {analysis.state}; only a dead one is retried.")
    require_file(analysis.image)
    analysis.state = moved(
        ANALYSIS_MOVES, AnalysisState(analysis.state), AnalysisState.WANTED, "analysis"
    )
    analysis.attempts, analysis.error, analysis.finished_at = 0, "", None
    analysis.save(update_fields=["state", "attempts", "error", "finished_at", "updated_at"])
    hint_analysis(analysis)
    grid = analysis.image.grid
    record_event(
        "finding.retried",
        actor,
        Scope(grid.session.microscope_id, grid.session_id, grid.pk),
        Told(subjects=[analysis.image_id], after={"analysis": analysis.kind}),
    )
