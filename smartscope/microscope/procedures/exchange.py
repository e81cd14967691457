"""Grids on and off the stage, and the beam on and off the specimen."""

from __future__ import annotations

from smartscope.domain.geometry import Point
from smartscope.microscope.base import Microscope
from smartscope.microscope.errors import (
    InstrumentBusy,
    LoadFailed,
    ManualExchangeNeeded,
    ValvesClosed,
)
from smartscope.microscope.procedures.happenings import (
    AboutToIssue,
    Checkpoint,
    Procedure,
    Produced,
    Waiting,
)
from smartscope.microscope.procedures.requests import LoadRequest
from smartscope.microscope.values import CommandClass, ImageShift

POLL_S = 15.0
LONGEST_REFILL_S = 3600.0


def load_grid(microscope: Microscope, request: LoadRequest) -> Procedure:
    """Bring the grid of a slot to the stage; the valves stay closed.

    Does nothing when that grid is there already. Proved by reading the loaded slot back; raises
    LoadFailed when another answer comes, ManualExchangeNeeded (before anything was announced)
    where a person must do it, and whatever the autoloader raises.
    """
    yield Checkpoint(doing=f"load slot {request.slot}")
    if microscope.autoloader.loaded() == request.slot:
        yield Produced(item="load", measurements={"slot": float(request.slot)})
        return
    microscope.column.close_valves()
    if not microscope.identity().has_autoloader:
        raise ManualExchangeNeeded(request.slot)
    microscope.optics.set_image_shift(ImageShift(0.0, 0.0))
    if microscope.autoloader.loaded() is not None:
        microscope.stage.tilt_to(0.0)
        microscope.stage.move_to(Point(0.0, 0.0), z_um=0.0)
    yield from wait_until_quiet(microscope, timeout_s=request.vacuum_timeout_s)
    yield Checkpoint(doing=f"load slot {request.slot}")
    yield AboutToIssue(command_class=CommandClass.NEVER_REPEAT, command="load")
    microscope.autoloader.load(request.slot)
    loaded = microscope.autoloader.loaded()
    if loaded != request.slot:
        raise LoadFailed(
            f"Slot {request.slot} was loaded but the stage reports slot {loaded}; "
            "look at the autoloader before anything else is moved."
        )
    yield from wait_until_quiet(microscope, timeout_s=request.vacuum_timeout_s)
    yield Produced(item="load", measurements={"slot": float(loaded)})


def confirm_stage(microscope: Microscope, slot: int | None) -> Procedure:
    """Tell an instrument that is in doubt what a person saw on its stage; None is nothing.

    Raises CommandRefused when that cannot be.
    """
    yield Checkpoint(doing="confirm the stage")
    microscope.column.close_valves()
    microscope.autoloader.confirm_exchange(slot)
    fingerprint = microscope.autoloader.inventory().fingerprint
    yield Produced(item="confirm_stage", measurements={"fingerprint": fingerprint})


def unload_grid(microscope: Microscope) -> Procedure:
    """Return the grid on the stage to its slot; the valves stay closed."""
    yield Checkpoint(doing="unload")
    microscope.column.close_valves()
    microscope.optics.set_image_shift(ImageShift(0.0, 0.0))
    if microscope.autoloader.loaded() is not None:
        if not microscope.identity().has_autoloader:
            raise ManualExchangeNeeded(None)
        microscope.stage.tilt_to(0.0)
        microscope.stage.move_to(Point(0.0, 0.0), z_um=0.0)
        yield from wait_until_quiet(microscope, timeout_s=1800.0)
        yield Checkpoint(doing="unload")
        yield AboutToIssue(command_class=CommandClass.NEVER_REPEAT, command="unload")
        microscope.autoloader.unload()
    loaded = microscope.autoloader.loaded()
    if loaded is not None:
        raise LoadFailed(f"Slot {loaded} is still on the stage after unloading; ask the operator.")
    yield Produced(item="unload")


def open_valves(microscope: Microscope, *, vacuum_timeout_s: float = 1800.0) -> Procedure:
    """Let the beam in once the vacuum is ready; proved by reading back.

    Raises ValvesClosed when they did not open, InstrumentBusy while the column is not ready.
    """
    yield from wait_until_quiet(microscope, timeout_s=vacuum_timeout_s)
    yield Checkpoint(doing="open valves")
    if not microscope.column.status().valves_open:
        yield AboutToIssue(command_class=CommandClass.NEVER_REPEAT, command="open_valves")
        microscope.column.open_valves()
    if not microscope.column.status().valves_open:
        raise ValvesClosed("The valves did not open; look at the vacuum page of the console.")
    yield Produced(item="open_valves")


def wait_until_quiet(microscope: Microscope, *, timeout_s: float) -> Procedure:
    """Yield `Waiting` until the vacuum is ready and neither dewars nor pump are busy.

    Raises InstrumentBusy when one of them takes longer than `timeout_s`, a filling longer than the
    longest there is.
    """
    status = microscope.column.status()
    cause, since_s = "", status.read_at_s
    while not status.vacuum_ready or status.pump_running or status.refilling:
        before, cause = cause, "refill" if status.refilling else "vacuum"
        since_s = since_s if cause == before else status.read_at_s
        limit_s = max(timeout_s, LONGEST_REFILL_S) if status.refilling else timeout_s
        if status.read_at_s - since_s >= limit_s:
            raise InstrumentBusy(
                f"The column was still busy ({cause}) after {limit_s:.0f} s; ask the operator."
            )
        yield Waiting(
            until_s=status.read_at_s + POLL_S,
            cause=cause,
            reason="the dewars are being filled" if status.refilling else "the vacuum recovers",
        )
        yield Checkpoint(doing="wait for the column")
        status = microscope.column.status()


def wait_past_refill(microscope: Microscope, *, needs_s: float) -> Procedure:
    """Yield `Waiting` when a refill would begin within `needs_s`, until it is over.

    What takes long must not be overtaken by it: a refill shakes the column.
    """
    status = microscope.column.status()
    due_s = status.next_refill_in_s
    if due_s is None or not 0.0 < due_s < needs_s:
        return
    yield Waiting(
        until_s=status.read_at_s + due_s + POLL_S,
        cause="refill",
        reason="the dewars will be filled before this could end",
    )
    # A runner that suspends while dewars are filled does so here, with the column in its view.
    yield Checkpoint(doing="wait for the refill", before_dose=True)
    yield from wait_until_quiet(microscope, timeout_s=LONGEST_REFILL_S)
