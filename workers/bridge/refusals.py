"""An operator who goes on refusing control is asked again after growing pauses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from smartscope.operations.lease.held import boot_time_s

#: after the first refusal; each further one doubles it
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 300.0


@dataclass(slots=True)
class Refusals:
    """Refusals in a row, and from when on control may be asked for unasked.

    A person who resumes a run is obeyed at once; this is for whatever is left without a run, where
    an alarm that somebody acknowledged only says that it was read.
    """

    clock: Callable[[], float] = boot_time_s
    _in_a_row: int = 0
    _until_s: float = 0.0

    def note(self) -> None:
        """Control was refused."""
        pause_s = min(FIRST_PAUSE_S * 2.0**self._in_a_row, LONGEST_PAUSE_S)
        self._in_a_row += 1
        self._until_s = self.clock() + pause_s

    def end(self) -> None:
        """Control was had."""
        self._in_a_row, self._until_s = 0, 0.0

    def over(self) -> bool:
        """Whether the pause is over, or none was due."""
        return self.clock() >= self._until_s
