"""While an analysis is worked on, its row says so: a dead or hung worker is noticed by silence."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection

from smartscope.operations.begin_analysis import beat

log = logging.getLogger(__name__)

BEAT_S = 5.0


@contextmanager
def heartbeat(
    analysis_id: UUID, *, every_s: float = BEAT_S, at_most_s: float | None = None
) -> Iterator[None]:
    """Beat from a thread with its own database connection until the block ends.

    After `at_most_s` (Celery's hard time limit) nobody vouches for the work any more, so that it is
    taken up again and counted: in a pool of threads no limit of Celery's ends what hangs.
    """
    limit_s = settings.CELERY_TASK_TIME_LIMIT if at_most_s is None else at_most_s
    ended = threading.Event()
    thread = threading.Thread(
        target=_beat_until, args=(analysis_id, ended, every_s, limit_s), daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _beat_until(analysis_id: UUID, ended: threading.Event, every_s: float, limit_s: float) -> None:
    beats = int(limit_s / every_s)
    try:
        for _ in range(beats):
            if ended.wait(every_s):
                return
            try:
                beat(analysis_id)
            except DatabaseError as error:
                log.warning("Analysis %s could not say that it lives: %s", analysis_id, error)
    finally:
        connection.close()
    log.error(
        "Analysis %s takes longer than %.0f s: it counts as hung and is given to another worker.",
        analysis_id,
        limit_s,
    )
