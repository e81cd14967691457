"""Valves, vacuum, dewars, gun and energy filter by SerialEM; what it cannot tell counts as bad."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from smartscope.domain.clock import Clock
from smartscope.microscope.errors import (
    CommandFailed,
    CommandRefused,
    InstrumentBusy,
    ProtocolError,
    ValvesClosed,
)
from smartscope.microscope.serialem import memory
from smartscope.microscope.serialem.link import Link, Operation, Reply
from smartscope.microscope.serialem.settings import SerialEmSettings
from smartscope.microscope.values import ColumnStatus, RefillStatus, VacuumStatus

VALVES_CLOSED, VALVES_OPEN = 0, 1
VACUUM_GREEN = 0
MOST_BEAM_CURRENT_NA = 1e6
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class SerialEmColumn:
    """Each signal is its own report; a site's `cannot_tell` names those its column lacks."""

    link: Link
    settings: SerialEmSettings
    clock: Clock

    def status(self) -> ColumnStatus:
        """Everything the suspenders need, each signal read now."""
        op = self.link.operation("status")
        valves = _valves(op)
        return ColumnStatus(
            valves_open=valves == VALVES_OPEN,
            valves_unclear=valves not in (VALVES_OPEN, VALVES_CLOSED),
            vacuum_ready=self._vacuum_ready(op),
            pump_running=self._pump_running(op),
            refilling=self._refilling(op),
            next_refill_in_s=self._next_refill_in_s(op),
            screen_down=self._screen_down(op),
            high_tension_on=self._high_tension_on(op),
            autoloader_busy=False,  # while grids are exchanged SerialEM answers nothing at all
            operator_stop=False,  # a STOP ends control and raises OperatorStop instead
            zero_loss_refined_at_s=memory.ZERO_LOSS_AT.get(op),
            gun_flashed_at_s=memory.FLASHED_AT.get(op),
            read_at_s=self.clock.now(),
        )

    def vacuum(self) -> VacuumStatus:
        """Vacuum and pump."""
        op = self.link.operation("vacuum")
        return VacuumStatus(
            ready=self._vacuum_ready(op),
            pump_running=self._pump_running(op),
            read_at_s=self.clock.now(),
        )

    def refills(self) -> RefillStatus:
        """The dewars."""
        op = self.link.operation("refills")
        return RefillStatus(
            refilling=self._refilling(op),
            next_in_s=self._next_refill_in_s(op),
            read_at_s=self.clock.now(),
        )

    def open_valves(self) -> None:
        """Open, prove it, unblank; sent once.

        Raises InstrumentBusy when they may not open yet, nothing sent, and ValvesClosed when they
        were told to and did not: only a person knows why.
        """
        op = self.link.operation("open_valves")
        if not self._vacuum_ready(op):
            raise InstrumentBusy("The vacuum is not ready; the valves stay closed until it is.")
        if not valves_open(op):
            op.never_repeat("SetColumnOrGunValve", VALVES_OPEN)
            if not valves_open(op):
                raise ValvesClosed(
                    "The valves did not open; look at the vacuum page of the console."
                )
        op.absolute("SetBeamBlank", 0)

    def close_valves(self) -> None:
        """Close and prove it. Raises CommandRefused when they still report open."""
        close_valves(self.link.operation("close_valves"))

    def blank_beam(self) -> None:
        """Deflect the beam away; SerialEM does not report the blanker, so its word is taken."""
        self.link.operation("blank_beam").absolute("SetBeamBlank", 1)

    def refine_zero_loss(self) -> None:
        """Centre the slit. Raises CommandRefused when the routine failed."""
        if not self.settings.has_energy_filter:
            return
        op = self.link.operation("refine_zero_loss")
        advice = "The zero-loss peak was not found; centre the slit at the console before going on."
        # From 4.2 on the answer is 0 or 1; earlier versions raise, or say nothing when it is good.
        try:
            reply = op.long("RefineZLP", 0.0, 0, 0, 1)
        except CommandFailed as error:
            raise CommandRefused(advice) from error
        if reply.values and reply.whole(low=0, high=1) == 1:
            raise CommandRefused(advice)
        memory.ZERO_LOSS_AT.put(op, self.clock.now())

    def flash_gun(self) -> None:
        """Flash hot or cold as the instrument advises; nothing when it advises none."""
        op = self.link.operation("flash_gun")
        if not valves_closed(op):
            raise CommandRefused("The column valves are open; close them before flashing the gun.")
        hot = op.read("IsFEGFlashingAdvised", 1).flag()
        if not hot and not op.read("IsFEGFlashingAdvised", 0).flag():
            return
        op.absolute("NextFEGFlashHighTemp", int(hot))
        reply = op.never_repeat("LongOperation", "FF", "0")
        if reply.values and reply.number() != 0.0:
            raise CommandRefused(
                f"Flashing the gun ended with code {reply.number():g}; look at the gun's page at "
                "the console before the beam is used."
            )
        if not self._high_tension_on(op):
            raise CommandRefused(
                "The gun gives no current after flashing; look at it at the console."
            )
        memory.FLASHED_AT.put(op, self.clock.now())

    # --- signals -----------------------------------------------------------------------------

    def _vacuum_ready(self, op: Operation) -> bool:
        def green(reply: Reply) -> bool:
            return reply.whole(low=0, high=2) == VACUUM_GREEN

        return self._told(op, "vacuum", "ReportVacuumStatus", green, untold=True, bad=False)

    def _pump_running(self, op: Operation) -> bool:
        return self._told(op, "pump", "IsPVPRunning", Reply.flag, untold=False, bad=True)

    def _refilling(self, op: Operation) -> bool:
        def filling(reply: Reply) -> bool:
            return reply.whole(low=0, high=3) != 0  # JEOL adds 2 for its transfer tank

        return self._told(op, "dewars", "AreDewarsFilling", filling, untold=False, bad=True)

    def _next_refill_in_s(self, op: Operation) -> float | None:
        def remaining(reply: Reply) -> float | None:
            seconds = reply.number()
            return None if seconds < 0.0 else seconds

        return self._told(op, "dewars", "DewarsRemainingTime", remaining, untold=None, bad=0.0)

    def _screen_down(self, op: Operation) -> bool:
        return self._told(op, "screen", "ReportScreen", Reply.flag, untold=False, bad=True)

    def _high_tension_on(self, op: Operation) -> bool:
        """SerialEM does not report the high tension's state: a gun with it gives current."""

        def emits(reply: Reply) -> bool:
            return self.settings.least_beam_current_na <= reply.number() <= MOST_BEAM_CURRENT_NA

        return self._told(op, "beam_current", "ReportFEGBeamCurrent", emits, untold=True, bad=False)

    def _told(
        self,
        op: Operation,
        signal: str,
        command: str,
        understand: Callable[[Reply], Value],
        *,
        untold: Value,
        bad: Value,
    ) -> Value:
        """A signal's value; `untold` where the site knows there is none, `bad` when it fails."""
        if signal in self.settings.cannot_tell:
            return untold
        reply = op.try_read(command)
        try:
            return bad if reply is None else understand(reply)
        except ProtocolError:
            return bad


def valves_open(operation: Operation) -> bool:
    """Whether the valves are surely open; -1 (inconsistent) is neither open nor closed."""
    return _valves(operation) == VALVES_OPEN


def valves_closed(operation: Operation) -> bool:
    """Whether the valves are surely closed."""
    return _valves(operation) == VALVES_CLOSED


def close_valves(operation: Operation) -> None:
    """Close and prove it, under any operation's name. Raises CommandRefused."""
    operation.absolute("SetColumnOrGunValve", VALVES_CLOSED)
    if not valves_closed(operation):
        raise CommandRefused(
            "The valves do not report closed after they were closed; close them at the console."
        )


def _valves(operation: Operation) -> int:
    return operation.read("ReportColumnOrGunValve").whole(low=-1, high=1)
