"""While an analysis is worked on, its row says so: a killed worker is noticed by its silence."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import DatabaseError, connection

from smartscope.operations.begin_analysis import beat

log = logging.getLogger(__name__)

BEAT_S = 5.0


@contextmanager
def heartbeat(analysis_id: UUID) -> Iterator[None]:
    """Beat from a thread with its own database connection until the block ends."""
    ended = threading.Event()
    thread = threading.Thread(target=_beat_until, args=(analysis_id, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _beat_until(analysis_id: UUID, ended: threading.Event) -> None:
    try:
        while not ended.wait(BEAT_S):
            try:
                beat(analysis_id)
            except DatabaseError as error:
                log.warning("Analysis %s could not say that it lives: %s", analysis_id, error)
    finally:
        connection.close()
