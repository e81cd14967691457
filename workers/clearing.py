"""Remove files that retention chose: batch by batch, safe to be killed anywhere."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from smartscope.domain.errors import SmartscopeError
from smartscope.models import Clearing
from smartscope.operations.clear_files import (
    SILENCE,
    begin_clearing,
    choose_files,
    files_are_gone,
    leave_clearing,
)
from smartscope.queries.retention import OPEN_CLEARINGS
from smartscope.storage.current import current_store

log = logging.getLogger(__name__)

#: of one task; the sweeper has it gone on with
MOST_S = 120.0


def clear_files(clearing_id: UUID, *, clock: Callable[[], float] = time.monotonic) -> None:
    """Remove files until none is left, or this task has taken long enough."""
    if not begin_clearing(clearing_id):
        return
    until_s = clock() + MOST_S
    problem = ""
    try:
        store = current_store()
        while clock() < until_s and (keys := choose_files(clearing_id)):
            for key in keys:
                store.delete(key)
            files_are_gone(clearing_id)
    except (SmartscopeError, OSError) as error:
        log.warning("Files were not removed: %s", error)
        problem = str(error)
    leave_clearing(clearing_id, problem)


def nudge_clearings(now: datetime) -> None:
    """Hint at what is due and nobody works on; without a broker the next round tries again."""
    from kombu.exceptions import OperationalError

    from workers.tasks import clear_files as task

    silent = Q(beat_at__isnull=True) | Q(beat_at__lt=now - SILENCE)
    not_told = Q(nudged_at__isnull=True) | Q(nudged_at__lt=now - SILENCE)
    due = Clearing.objects.filter(silent, not_told, state__in=OPEN_CLEARINGS, not_before__lte=now)
    for clearing in due.values_list("pk", flat=True):
        try:
            task.apply_async(args=[str(clearing)], retry=False)
        except (OperationalError, OSError) as error:
            log.warning("No broker to hint at removal %s: %s", clearing, error)
            return
        Clearing.objects.filter(pk=clearing).update(nudged_at=now)
