"""The simulated microscope's clock as other processes see it, over the control port."""

from __future__ import annotations

from smartscope.microscope.simulator.control_client import ControlClient


class RemoteClock:
    """Satisfies `smartscope.domain.clock.Clock`; its time is the simulator's.

    Raises ConnectionLost while the simulator is not there; it connects again by itself, because
    reading the time commands nothing.
    """

    def __init__(self, host: str, control_port: int) -> None:
        """Connects when it is first asked."""
        self._client = ControlClient(control_port, host=host)

    def now(self) -> float:
        """Simulated seconds since the epoch."""
        return self._client.now_s()

    def wait_until(self, time_s: float) -> None:
        """Return when `now()` is at least `time_s`: at once on an instant clock."""
        self._client.advance(time_s)

    @property
    def simulated(self) -> bool:
        """Always: its time stands still while nobody spends it."""
        return True

    @property
    def speed(self) -> float | None:
        """Simulated seconds per real second; None when instant."""
        speed = self._client.ask("now")["speed"]
        return None if speed is None else float(speed)

    def close(self) -> None:
        """Hang up."""
        self._client.close()
