"""The simulated microscope's clock: its time moves only when somebody spends it.

At speed 1 an operation takes its real duration, at N a N-th of it, and without a speed nothing:
the clock jumps. The time on the clock is the same in all three, so a run is too.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from smartscope.microscope.errors import BadInstrumentSettings

INSTANT = "instant"
REAL = "real"


class SimulatedClock:
    """Virtual seconds since the epoch; satisfies `smartscope.domain.clock.Clock`."""

    def __init__(
        self,
        start_s: float,
        *,
        speed: float | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """`speed` None is the instant clock; otherwise simulated seconds per real second."""
        self._now_s = start_s
        self._speed = speed
        self._sleep = sleep
        self._listener: Callable[[float], None] | None = None

    def now(self) -> float:
        """Virtual seconds since the epoch."""
        return self._now_s

    @property
    def simulated(self) -> bool:
        """Always: even at real speed its time stands still while nobody spends it."""
        return True

    @property
    def speed(self) -> float | None:
        """Simulated seconds per real second; None when instant."""
        return self._speed

    def wait_until(self, time_s: float) -> None:
        """Return when `now()` is at least `time_s`."""
        self.spend(time_s - self._now_s)

    def spend(self, duration_s: float, *, already_worked_s: float = 0.0) -> None:
        """Let `duration_s` pass; `already_worked_s` of real time (rendering) count towards it."""
        if duration_s <= 0.0:
            return
        if self._speed is not None:
            rest_s = duration_s / self._speed - already_worked_s
            if rest_s > 0.0:
                self._sleep(rest_s)
        self.catch_up(self._now_s + duration_s)

    def catch_up(self, time_s: float) -> None:
        """Jump forward to `time_s` without waiting; never backwards."""
        if time_s > self._now_s:
            self._now_s = time_s
            if self._listener is not None:
                self._listener(time_s)

    def keep_in(self, listener: Callable[[float], None] | None) -> None:
        """Tell `listener` every new time (the world writes it down); None: nobody."""
        self._listener = listener


def speed_of(setting: object) -> float | None:
    """The speed behind "instant", "real" or a positive factor. Raises BadInstrumentSettings."""
    if setting == INSTANT:
        return None
    if setting == REAL:
        return 1.0
    if isinstance(setting, (int, float)) and not isinstance(setting, bool) and setting > 0:
        return float(setting)
    raise BadInstrumentSettings(
        f"clock is {setting!r}; give 'instant', 'real' or how many times faster than real."
    )
