"""The sweeper's sign of life to another machine, which pages when it stops."""

from __future__ import annotations

import logging
import time
import urllib.request
from collections.abc import Callable

from django.conf import settings

log = logging.getLogger(__name__)

EVERY_S = 60.0
LIMIT_S = 5.0


class Heartbeat:
    """Asks for the watchdog's address once a minute, where one is set."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._next_s = now()

    def beat(self) -> None:
        """Never raises: what cannot be reached will page by itself."""
        url = settings.SWEEPER_HEARTBEAT_URL
        if not url.startswith(("http://", "https://")) or self._now() < self._next_s:
            return
        self._next_s = self._now() + EVERY_S
        try:
            # the address is the site's own setting
            with urllib.request.urlopen(url, timeout=LIMIT_S) as answer:  # noqa: S310
                answer.read(1_024)
        except OSError as problem:
            log.warning("the watchdog was not reached: %s", problem)
