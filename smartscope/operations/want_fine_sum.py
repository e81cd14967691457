"""An exposure's sum on pixels of half the side: by protocol, or because a person asks.

The microscope is not touched.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from smartscope.analysis import chains, registry
from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict, NotFound
from smartscope.domain.status import ANALYSIS_MOVES, AnalysisState, ExposureStatus, moved
from smartscope.models import Analysis, Exposure, FineSum
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.hint_analysis import hint_analysis
from smartscope.queries.removed import require_file
from smartscope.queries.rights import place_of, require_edit
from smartscope.queries.visible import reader_of, visible_exposures

FINE_SUM = "fine_sum"


@transaction.atomic
def want_fine_sum(actor: Actor, exposure_id: UUID) -> None:
    """Have it made once; asking again changes nothing, except that a dead attempt is taken up anew.

    Raises NotFound, NotAllowed, and Conflict for an exposure without a movie that was measured, or
    whose movie was removed.
    """
    if not visible_exposures(reader_of(actor)).filter(pk=exposure_id).exists():
        raise NotFound("There is no such exposure that you may see.")
    exposure = (
        Exposure.objects.select_for_update(of=("self",), no_key=True)
        .select_related("movie", "hole__square__grid__session")
        .get(pk=exposure_id)
    )
    grid = exposure.hole.square.grid
    require_edit(actor, place_of(grid.session))
    if exposure.movie is None or exposure.frames == 1:
        raise Conflict(
            f"{exposure.slug} has no movie: a finer sum is made from frames that moved.",
            code="not_capable",
        )
    if exposure.status != ExposureStatus.ANALYSED:
        raise Conflict(
            f"{exposure.slug} is {exposure.status}; ask again once it is analysed.",
            code="illegal_transition",
        )
    fine = FineSum.objects.select_related("analysis").filter(exposure=exposure).first()
    if fine is None or fine.analysis.state == AnalysisState.DEAD:
        require_file(exposure.movie)
    if fine is None:
        analysis = _first(exposure)
    elif fine.analysis.state == AnalysisState.DEAD:
        analysis = fine.analysis
        analysis.state = moved(
            ANALYSIS_MOVES, AnalysisState(analysis.state), AnalysisState.WANTED, "analysis"
        )
        analysis.attempts, analysis.error, analysis.finished_at = 0, "", None
        analysis.save(update_fields=["state", "attempts", "error", "finished_at", "updated_at"])
    else:
        return
    hint_analysis(analysis)
    record_event(
        "exposure.fine_sum_wanted",
        actor,
        Scope(grid.session.microscope_id, grid.session_id, grid.pk),
        Told(subjects=[exposure.pk]),
    )


def fine_sum_by_protocol(exposure: Exposure) -> None:
    """Of an exposure just measured, in that transaction; one that is there already stays."""
    if not exposure.hole.square.grid.fine_sums or exposure.status != ExposureStatus.ANALYSED:
        return
    if exposure.movie is None or exposure.frames == 1:
        return
    if not FineSum.objects.filter(exposure=exposure).exists():
        hint_analysis(_first(exposure))


def _first(exposure: Exposure) -> Analysis:
    """The analysis that makes it, for the first time."""
    assert exposure.movie is not None
    card = registry.card(chains.SUPER_RESOLVER)
    analysis = Analysis.objects.create(
        image=exposure.movie,
        kind=FINE_SUM,
        plugin=card.name,
        plugin_version=card.version,
        visible_at_s=exposure.exposed_at_s + card.declared_duration_s,
    )
    FineSum.objects.create(exposure=exposure, analysis=analysis)
    return analysis
