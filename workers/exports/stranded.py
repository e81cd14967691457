"""Files that were asked for and that no worker works on: hinted at again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from smartscope.domain.status import AnalysisState
from smartscope.models import Export
from smartscope.operations.exports import SILENCE
from workers.nudge import nudge_export

MOST_PER_ROUND = 20


def nudge_stranded_exports(now: datetime) -> int:
    """Returns how many were hinted at."""
    unseen = now - timedelta(seconds=settings.SMARTSCOPE_SWEEP_SECONDS)
    waiting = now - timedelta(seconds=settings.SMARTSCOPE_RENUDGE_SECONDS)
    stranded = Export.objects.filter(
        Q(state=AnalysisState.WANTED, nudged_at__isnull=True, created_at__lt=unseen)
        | Q(state=AnalysisState.WANTED, nudged_at__lt=waiting)
        | Q(state=AnalysisState.RUNNING, beat_at__lt=now - SILENCE, nudged_at__lt=now - SILENCE)
    )
    nudged = 0
    for pk in stranded.order_by("created_at").values_list("pk", flat=True)[:MOST_PER_ROUND]:
        if not nudge_export(pk):
            break
        nudged += 1
    return nudged
