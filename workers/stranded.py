"""What people asked for and no worker works on: hinted at again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from smartscope.domain.status import AnalysisState
from smartscope.models import AskedWork, Export, ParticleStudy
from smartscope.operations.asked_work import SILENCE
from workers.nudge import nudge_work

MOST_PER_ROUND = 20


def nudge_stranded_work(now: datetime) -> int:
    """Returns how many were hinted at."""
    return sum(_of_kind(kind, now) for kind in (Export, ParticleStudy))


def _of_kind(kind: type[AskedWork], now: datetime) -> int:
    unseen = now - timedelta(seconds=settings.SMARTSCOPE_SWEEP_SECONDS)
    waiting = now - timedelta(seconds=settings.SMARTSCOPE_RENUDGE_SECONDS)
    stranded = kind.objects.filter(
        Q(state=AnalysisState.WANTED, nudged_at__isnull=True, created_at__lt=unseen)
        | Q(state=AnalysisState.WANTED, nudged_at__lt=waiting)
        | Q(state=AnalysisState.RUNNING, beat_at__lt=now - SILENCE, nudged_at__lt=now - SILENCE)
    )
    nudged = 0
    for pk in stranded.order_by("created_at").values_list("pk", flat=True)[:MOST_PER_ROUND]:
        if not nudge_work(kind.told_as, pk):
            break
        nudged += 1
    return nudged
