"""Time as the service sees it: each process is handed a clock, so that a night can be instant."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Seconds since the epoch on the microscope's clock; it never runs backwards."""

    def now(self) -> float:
        """The present time in seconds since the epoch."""
        ...

    def wait_until(self, time_s: float) -> None:
        """Return once `now()` has reached `time_s`; an instant clock simply jumps there."""
        ...

    @property
    def simulated(self) -> bool:
        """True when time passes only because somebody spends it (instant or compressed)."""
        ...
