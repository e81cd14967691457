"""Nudge what was stranded and publish what was not seen: hints may be lost, rows are not."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import OperationalError, close_old_connections
from django.db.models import Q
from django.utils import timezone

from smartscope.domain.status import AnalysisState
from smartscope.models import Analysis
from smartscope.operations.begin_analysis import SILENCE
from smartscope.operations.publish_events import publish_events
from workers.nudge import nudge

log = logging.getLogger(__name__)

#: no more hints at once than the queue can work off before the next round
MOST_PER_ROUND = 200


def sweep(now: datetime) -> int:
    """One round; returns how many analyses were nudged."""
    stranded = Analysis.objects.filter(
        Q(state=AnalysisState.WANTED, nudged_at__isnull=True, created_at__lt=now - _unseen())
        | Q(state=AnalysisState.WANTED, nudged_at__lt=now - _waiting())
        | Q(state=AnalysisState.RUNNING, beat_at__lt=now - SILENCE)
    ).order_by("created_at")
    ids = list(stranded.values_list("pk", flat=True)[:MOST_PER_ROUND])
    nudged = 0
    for analysis_id in ids:
        if not nudge(analysis_id):
            break
        nudged += 1
    publish_events()
    return nudged


def sweep_for_ever(wait: Callable[[float], bool]) -> None:
    """Sweep until `wait(seconds)` says that it is time to end."""
    while not wait(settings.SMARTSCOPE_SWEEP_SECONDS):
        try:
            nudged = sweep(timezone.now())
            if nudged:
                log.info("Nudged %d stranded analyses", nudged)
        except OperationalError as error:
            log.warning("The database cannot be reached: %s", error)
        finally:
            close_old_connections()


def _unseen() -> timedelta:
    return timedelta(seconds=settings.SMARTSCOPE_SWEEP_SECONDS)


def _waiting() -> timedelta:
    return timedelta(seconds=settings.SMARTSCOPE_RENUDGE_SECONDS)
