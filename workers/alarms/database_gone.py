"""Without PostgreSQL there are no alarm rows: then the sweeper pages by itself, once per outage."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.conf import settings

from smartscope.domain.alarms import Duty
from workers.alarms.channel import send
from workers.alarms.words import Words

log = logging.getLogger(__name__)

#: a restart of the database wakes nobody
PATIENCE_S = 60.0
WORDS = Words(
    "[MAJOR] smartscope: the database does not answer",
    "Runs make safe and stop by themselves. Bring PostgreSQL back, then see on the page what "
    "was interrupted.",
)


class DatabaseGone:
    """Told of every round of the sweeper; `pages` are sent to operator and person on call."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._since_s: float | None = None
        self._paged = False

    def answered(self) -> None:
        """The database is there."""
        self._since_s, self._paged = None, False

    def missed(self) -> None:
        """It is not; pages when that has lasted too long."""
        now_s = self._now()
        self._since_s = now_s if self._since_s is None else self._since_s
        if self._paged or now_s - self._since_s < PATIENCE_S:
            return
        self._paged = True
        for url in (*settings.ALARM_URLS[Duty.ON_CALL], *settings.ALARM_URLS[Duty.OPERATOR]):
            if answer := send(url, WORDS):
                log.error("nobody was paged there: %s", answer)
