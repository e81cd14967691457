"""Nudge what was stranded, publish what was not seen, tell people what is wrong.

Hints may be lost, rows are not. Alarms leave from here, without the queue they may be about.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections
from django.db.models import Case, Q, When
from django.utils import timezone

from smartscope.domain.status import AnalysisState
from smartscope.models import Analysis
from smartscope.operations.begin_analysis import MOST_ATTEMPTS, SILENCE, bury_spent
from smartscope.operations.publish_events import publish_events
from smartscope.operations.seal_events import seal_events
from workers.alarms.agents import watch_agents
from workers.alarms.database_gone import DatabaseGone
from workers.alarms.heartbeat import Heartbeat
from workers.alarms.queue_gone import QueueGone
from workers.alarms.rules import watch_rules
from workers.alarms.tell import tell_people
from workers.alarms.watch import watch
from workers.clearing import nudge_clearings
from workers.nudge import LATER, nudge
from workers.stranded import nudge_stranded_work
from workers.webhooks.round import nudge_webhooks

log = logging.getLogger(__name__)

#: no more hints at once than the queue can work off before the next round
MOST_PER_ROUND = 200


def sweep(now: datetime) -> int:
    """One round; returns how many analyses were nudged."""
    silent = Q(state=AnalysisState.RUNNING, beat_at__lt=now - SILENCE)
    for spent in Analysis.objects.filter(silent, attempts__gte=MOST_ATTEMPTS):
        bury_spent(spent.pk)
    not_told = Q(nudged_at__isnull=True) | Q(nudged_at__lt=now - SILENCE)
    stranded = Analysis.objects.filter(
        Q(state=AnalysisState.WANTED, nudged_at__isnull=True, created_at__lt=now - _unseen())
        | Q(state=AnalysisState.WANTED, nudged_at__lt=now - _waiting())
        | (silent & not_told)
    ).order_by(Case(When(kind__in=LATER, then=1), default=0), "created_at")
    ids = list(stranded.values_list("pk", flat=True)[:MOST_PER_ROUND])
    nudged = 0
    for analysis_id in ids:
        if not nudge(analysis_id):
            break
        nudged += 1
    nudge_stranded_work(now)
    nudge_webhooks(now)
    nudge_clearings(now)
    publish_events()
    seal_events()
    return nudged


def sweep_for_ever(wait: Callable[[float], bool]) -> None:
    """Sweep until `wait(seconds)` says that it is time to end."""
    database, queue, heartbeat = DatabaseGone(), QueueGone(), Heartbeat()
    while not wait(settings.SMARTSCOPE_SWEEP_SECONDS):
        try:
            one_round(timezone.now(), queue)
            database.answered()
        except (OperationalError, InterfaceError) as error:
            log.warning("The database cannot be reached: %s", error)
            database.missed()
        finally:
            close_old_connections()
        heartbeat.beat()


def one_round(now: datetime, queue: QueueGone) -> None:
    """Everything the sweeper does; alarms first, since nudging may meet a dead queue."""
    watch(now)
    watch_rules(now)
    watch_agents()
    queue.watch()
    tell_people(now)
    nudged = sweep(now)
    if nudged:
        log.info("Nudged %d stranded analyses", nudged)


def _unseen() -> timedelta:
    return timedelta(seconds=settings.SMARTSCOPE_SWEEP_SECONDS)


def _waiting() -> timedelta:
    return timedelta(seconds=settings.SMARTSCOPE_RENUDGE_SECONDS)
