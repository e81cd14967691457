"""The clock of a real instrument: the machine's own, told never to run backwards."""

from __future__ import annotations

import time
from collections.abc import Callable

#: No single wait is longer, so that a clock set forward is noticed.
LONGEST_NAP_S = 1.0


class SystemClock:
    """Seconds since the epoch; satisfies `smartscope.domain.clock.Clock`."""

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._read = now
        self._sleep = sleep
        self._latest_s = now()

    def now(self) -> float:
        """The present time; where the machine's clock was set back, the latest time it showed."""
        self._latest_s = max(self._latest_s, self._read())
        return self._latest_s

    def wait_until(self, time_s: float) -> None:
        """Sleep until then."""
        while (rest_s := time_s - self.now()) > 0.0:
            self._sleep(min(rest_s, LONGEST_NAP_S))

    @property
    def simulated(self) -> bool:
        """Never: time passes by itself."""
        return False
