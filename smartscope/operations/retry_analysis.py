"""Try a dead analysis again: the file was repaired, or the workers were."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from smartscope.domain.actor import Actor
from smartscope.domain.errors import IllegalTransition, NotFound
from smartscope.domain.status import ANALYSIS_MOVES, AnalysisState, moved
from smartscope.models import Analysis
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.hint_analysis import hint_analysis
from smartscope.queries.removed import require_file
from smartscope.queries.rights import place_of, require_edit
from smartscope.queries.visible import reader_of, visible_analyses


@transaction.atomic
def retry_analysis(actor: Actor, analysis_id: UUID) -> None:
    """From dead to wanted, its attempts forgotten.

    Raises NotFound, NotAllowed, IllegalTransition when it is not dead, and Conflict where its image
    was removed.
    """
    if not visible_analyses(reader_of(actor)).filter(pk=analysis_id).exists():
        raise NotFound("There is no such job that you may see.")
    analysis = (
        Analysis.objects.select_for_update(of=("self",), no_key=True)
        .select_related("image__grid__session")
        .get(pk=analysis_id)
    )
    require_edit(actor, place_of(analysis.image.grid.session))
    if analysis.state != AnalysisState.DEAD:
        raise IllegalTransition(f"The job is {analysis.state}; only what was given up is retried.")
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
