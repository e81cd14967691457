"""What must hold before dose is spent: a pure reading of the column's status.

Missing, stale or unknown state counts as bad (reliability invariants I3 and I12).
"""

from __future__ import annotations

from dataclasses import dataclass

from smartscope.microscope.base import Microscope
from smartscope.microscope.errors import CommandRefused, InstrumentBusy, OperatorStop, ValvesClosed
from smartscope.microscope.values import ColumnStatus

STALE_AFTER_S = 30.0


@dataclass(frozen=True, slots=True)
class Tripped:
    """One suspender that forbids exposing now; `code` is stable, `message` is for people."""

    code: str
    message: str


def tripped(status: ColumnStatus, now_s: float) -> tuple[Tripped, ...]:
    """Every reason not to expose at `now_s`, most serious first; empty when exposing is safe."""
    rules = (
        (status.operator_stop, "operator_stop", "An operator pressed STOP at the console."),
        (not status.high_tension_on, "high_tension", "The high tension is off."),
        (not status.vacuum_ready, "vacuum", "The column vacuum is not ready."),
        (not status.valves_open, "valves", "The column valves are closed."),
        (status.screen_down, "screen", "The fluorescent screen is down."),
        (status.autoloader_busy, "autoloader", "The autoloader is exchanging grids."),
        (status.refilling, "refill", "The dewars are being filled."),
        (status.pump_running, "pump", "The buffer pump is running."),
        (now_s - status.read_at_s > STALE_AFTER_S, "stale", "The column's state is stale."),
    )
    return tuple(Tripped(code, message) for bad, code, message in rules if bad)


def require_ready(microscope: Microscope) -> None:
    """Raise unless dose may be spent now: InstrumentBusy passes by itself, the others do not."""
    status = microscope.column.status()
    reasons = tripped(status, status.read_at_s)
    if not reasons:
        return
    text = " ".join(reason.message for reason in reasons)
    error = {
        "operator_stop": OperatorStop,
        "valves": ValvesClosed,
        "autoloader": InstrumentBusy,
        "refill": InstrumentBusy,
        "pump": InstrumentBusy,
        "vacuum": InstrumentBusy,
    }.get(reasons[0].code, CommandRefused)
    raise error(f"{text} Nothing was exposed; wait for it to clear or ask the operator.")
