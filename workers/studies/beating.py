"""Says that a study is still worked on, while one long call says nothing of itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection

from smartscope.models import ParticleStudy
from smartscope.operations.asked_work import note_progress

log = logging.getLogger(__name__)
BEAT_S = 10.0
#: nobody vouches for longer than this: the task's time limit is near
MOST_BEATS = 150


@contextmanager
def beating(study: ParticleStudy, *, every_s: float = BEAT_S) -> Iterator[None]:
    """Beat from a thread with its own database connection until the block ends."""
    ended = threading.Event()
    thread = threading.Thread(target=_beat_until, args=(study, ended, every_s), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _beat_until(study: ParticleStudy, ended: threading.Event, every_s: float) -> None:
    try:
        for beat in range(MOST_BEATS):
            if ended.wait(every_s):
                return
            try:
                # nobody knows how long it takes: each beat is a twentieth of what is left
                note_progress(study, 1.0 - 0.6 * 0.95**beat)
            except DatabaseError as error:
                log.warning("Study %s could not say that it lives: %s", study.pk, error)
    finally:
        connection.close()
