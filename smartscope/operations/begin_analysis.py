"""Take up an analysis: count the attempt before any work, so that poison is found out."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from smartscope.domain.status import ANALYSIS_MOVES, AnalysisState, moved
from smartscope.models import Analysis
from smartscope.operations.fail_analysis import bury

#: attempts after which an analysis is dead, visible and waiting for a person
MOST_ATTEMPTS = 3
#: a worker that did not say for so long that it lives is taken for dead
SILENCE = timedelta(seconds=30)
KILLED = "every worker that took it up was killed, or hangs"
_OPEN = (AnalysisState.WANTED, AnalysisState.RUNNING)


class Start(Enum):
    """Whether a worker may begin."""

    GO = "go"
    ENDED = "ended"
    #: holes of an earlier square of this grid come first: clusters are made over the whole grid
    LATER = "later"


def begin_analysis(analysis_id: UUID) -> Start:
    """Claim the work; a second worker with the same message finds it claimed again, harmlessly."""
    with transaction.atomic():
        analysis = (
            Analysis.objects.select_for_update(of=("self",), no_key=True)
            .select_related("image__grid__session")
            .get(pk=analysis_id)
        )
        if analysis.state not in _OPEN:
            return Start.ENDED
        if _waits_for_an_earlier_square(analysis):
            return Start.LATER
        if _is_worked_on(analysis):
            return Start.ENDED
        if analysis.attempts >= MOST_ATTEMPTS:
            bury(analysis, analysis.error or KILLED)
            return Start.ENDED
        analysis.state = moved(
            ANALYSIS_MOVES, AnalysisState(analysis.state), AnalysisState.RUNNING, "analysis"
        )
        analysis.attempts += 1
        analysis.started_at = analysis.beat_at = timezone.now()
        analysis.save(update_fields=["state", "attempts", "started_at", "beat_at", "updated_at"])
        return Start.GO


def bury_spent(analysis_id: UUID) -> None:
    """Give up what fell silent in its last attempt: no worker may be left to find that out."""
    with transaction.atomic():
        analysis = (
            Analysis.objects.select_for_update(of=("self",), no_key=True)
            .select_related("image__grid__session")
            .get(pk=analysis_id)
        )
        silent = analysis.state == AnalysisState.RUNNING and not _is_worked_on(analysis)
        if silent and analysis.attempts >= MOST_ATTEMPTS:
            bury(analysis, analysis.error or KILLED)


def beat(analysis_id: UUID) -> None:
    """Say that the worker still works on it."""
    Analysis.objects.filter(pk=analysis_id, state=AnalysisState.RUNNING).update(
        beat_at=timezone.now()
    )


def _is_worked_on(analysis: Analysis) -> bool:
    """A worker said a moment ago that it lives: a second message is no second attempt."""
    if analysis.state != AnalysisState.RUNNING or analysis.beat_at is None:
        return False
    return analysis.beat_at > timezone.now() - SILENCE


def _waits_for_an_earlier_square(analysis: Analysis) -> bool:
    if analysis.kind != "find_holes":
        return False
    return Analysis.objects.filter(
        kind="find_holes",
        image__grid=analysis.image.grid_id,
        image__taken_at_s__lt=analysis.image.taken_at_s,
        state__in=_OPEN,
    ).exists()
