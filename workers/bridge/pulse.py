"""Proof that the main loop lives: the keeper renews no lease for a loop that hangs."""

from __future__ import annotations

import threading
from collections.abc import Callable

from smartscope.operations.lease.held import boot_time_s

TICK_S = 10.0
#: how much longer than its deadline a command may keep the loop
GRACE_S = 5.0
#: real seconds after which a command that has not answered counts as hung
COMMAND_DEADLINES_S = {
    "load": 1_200.0,
    "unload": 1_200.0,
    "inventory": 1_200.0,
    "refine_zero_loss": 600.0,
    "flash_gun": 1_500.0,
    "update_dark_reference": 600.0,
    "correct_astigmatism": 900.0,
    "correct_coma": 900.0,
    "autofocus": 300.0,
    "eucentric_height": 600.0,
    "wait_for_drift": 600.0,
    "record": 600.0,
}
COMMAND_DEADLINE_S = 120.0
#: a montage by one command: what each piece may take, exposed for up to 45 s, and the whole besides
PIECE_S, MONTAGE_S = 60.0, 300.0
MONTAGE = "montage"
#: as long as nobody has said how many pieces there are: the largest atlas a protocol may ask for
MOST_PIECES = 12 * 12


class Pulse:
    """Shared by the loop, which ticks, and the keeper, which looks."""

    def __init__(self, *, clock: Callable[[], float] = boot_time_s) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._alive_until_s = clock() + TICK_S
        self._pieces = MOST_PIECES

    def tick(self) -> None:
        """The loop turned; it is expected again within ten seconds."""
        self.allow(TICK_S)

    def plan_montage(self, pieces: int) -> None:
        """The next montages have so many pieces."""
        self._pieces = pieces

    def expect(self, command: str) -> None:
        """A command is about to be sent, which may take as long as its deadline says."""
        self.allow(self._deadline_s(command) + GRACE_S)

    def _deadline_s(self, command: str) -> float:
        if command == MONTAGE:
            return self._pieces * PIECE_S + MONTAGE_S
        return COMMAND_DEADLINES_S.get(command, COMMAND_DEADLINE_S)

    def allow(self, seconds: float) -> None:
        """The loop may be silent for so long."""
        with self._lock:
            self._alive_until_s = self._clock() + seconds

    def lives(self) -> bool:
        """Whether it is not overdue."""
        with self._lock:
            return self._clock() < self._alive_until_s
