"""Autoloader, valves, vacuum, dewars: what they do, and what they refuse."""

from __future__ import annotations

import time
from dataclasses import replace

from smartscope.microscope.errors import (
    CommandRefused,
    InstrumentBusy,
    LoadFailed,
    ManualExchangeNeeded,
    SlotEmpty,
    ValvesClosed,
)
from smartscope.microscope.simulator.durations import Operation, duration_s
from smartscope.microscope.simulator.scope import Scope
from smartscope.microscope.simulator.state import LoaderStatus
from smartscope.microscope.values import (
    ColumnStatus,
    Inventory,
    RefillStatus,
    SlotStatus,
    VacuumStatus,
)

PUMP_AFTER_EXCHANGE_S = 10.0


def inventory(scope: Scope) -> Inventory:
    """Every slot as the cassette is now; the first look of a microscope takes its time."""
    loader = scope.world.state.autoloader
    if not loader.inventoried:
        scope.world.spend(Operation.INVENTORY)
        scope.world.put(autoloader=replace(loader, inventoried=True))
    loader, cassette = scope.world.state.autoloader, scope.world.cassette
    slots = tuple(
        SlotStatus(
            slot=slot,
            occupied=cassette.specimen(slot) is not None and slot != loader.loaded_slot,
            name="" if (spec := cassette.specimen(slot)) is None else spec.grid_id,
        )
        for slot in range(1, scope.settings.loader_slots + 1)
    )
    return Inventory(
        slots=slots,
        loaded_slot=loader.loaded_slot,
        fingerprint=cassette.fingerprint(),
        read_at_s=scope.world.clock.now(),
    )


def load(scope: Scope, slot: int, *, fails: bool = False) -> None:
    """Exchange grids; `fails` makes the autoloader stop half-way and stay faulted."""
    loader = scope.world.state.autoloader
    if loader.loaded_slot == slot and loader.status is LoaderStatus.IDLE:
        return
    if not scope.settings.has_autoloader:
        raise ManualExchangeNeeded(slot)
    _require_exchange_possible(scope)
    if not 1 <= slot <= scope.settings.loader_slots or scope.world.cassette.specimen(slot) is None:
        raise SlotEmpty(f"Slot {slot} holds no grid; check the cassette and correct the session.")
    if loader.loaded_slot is not None:
        unload(scope)
    _exchange(scope, slot, (Operation.LOAD, Operation.STAGE_RESET), fails=fails)
    if fails:
        raise LoadFailed(
            f"The autoloader stopped while loading slot {slot} and is faulted; a person must "
            "recover it at the console."
        )


def unload(scope: Scope) -> None:
    """Return the grid on the stage to its slot."""
    loader = scope.world.state.autoloader
    if loader.loaded_slot is None and loader.status is LoaderStatus.IDLE:
        return
    if not scope.settings.has_autoloader:
        raise ManualExchangeNeeded(None)
    _require_exchange_possible(scope)
    _exchange(scope, None, (Operation.UNLOAD,), fails=False)


def confirm_exchange(scope: Scope, slot: int | None) -> None:
    """A person says what is on the stage of a microscope without autoloader."""
    if scope.settings.has_autoloader:
        raise CommandRefused("This microscope has an autoloader; load the slot instead.")
    if slot is not None and scope.world.cassette.specimen(slot) is None:
        raise SlotEmpty(f"No grid is described for slot {slot}; correct the session first.")
    if not scope.world.state.column.valves_read_closed:
        raise CommandRefused("The valves are open; close them before a grid is exchanged.")
    _begin_exchange(scope, slot, scope.world.clock.now(), fails=False)
    scope.settle()


def _require_exchange_possible(scope: Scope) -> None:
    if scope.world.state.autoloader.status is LoaderStatus.FAULTED:
        raise LoadFailed("The autoloader is faulted; a person must recover it at the console.")
    if scope.exchanging():
        raise InstrumentBusy("The autoloader is exchanging grids; wait until it has finished.")
    if not scope.world.state.column.valves_read_closed:
        raise CommandRefused("The column valves are open; close them before exchanging grids.")
    if scope.refilling():
        raise InstrumentBusy("The dewars are being filled; exchange grids afterwards.")


def _exchange(
    scope: Scope, slot: int | None, operations: tuple[Operation, ...], *, fails: bool
) -> None:
    started = time.perf_counter()
    world = scope.world
    takes_s = sum(
        duration_s(world.seed, operation, world.count(f"op:{operation}"))
        for operation in operations
    )
    until_s = world.clock.now() + takes_s
    _begin_exchange(scope, slot, until_s, fails=fails)
    world.save()
    world.pass_time(takes_s, started_wall_s=started)
    scope.settle()
    recovery = duration_s(
        world.seed, Operation.VACUUM_RECOVERY, world.count(f"op:{Operation.VACUUM_RECOVERY}")
    )
    now_s = world.clock.now()
    world.put(
        column=replace(
            world.state.column,
            vacuum_ready_at_s=now_s + recovery,
            pump_until_s=now_s + PUMP_AFTER_EXCHANGE_S,
        )
    )


def _begin_exchange(scope: Scope, slot: int | None, until_s: float, *, fails: bool) -> None:
    scope.world.put(
        autoloader=replace(
            scope.world.state.autoloader,
            status=LoaderStatus.EXCHANGING,
            exchange_to=slot,
            exchange_until_s=until_s,
            exchange_fails=fails,
        )
    )


def status(scope: Scope) -> ColumnStatus:
    """Everything at once."""
    column = scope.world.state.column
    return ColumnStatus(
        valves_open=column.valves_read_open,
        valves_unclear=column.valves_jammed,
        vacuum_ready=scope.vacuum_ready(),
        pump_running=scope.pump_running(),
        refilling=scope.refilling(),
        next_refill_in_s=scope.next_refill_in_s(),
        screen_down=column.screen_down,
        high_tension_on=column.high_tension_on,
        autoloader_busy=scope.exchanging(),
        operator_stop=column.operator_stop,
        zero_loss_refined_at_s=column.zero_loss_at_s or None,
        gun_flashed_at_s=column.flashed_at_s or None,
        read_at_s=scope.world.clock.now(),
    )


def vacuum(scope: Scope) -> VacuumStatus:
    """Vacuum and pump."""
    return VacuumStatus(
        ready=scope.vacuum_ready(),
        pump_running=scope.pump_running(),
        read_at_s=scope.world.clock.now(),
    )


def refills(scope: Scope) -> RefillStatus:
    """The dewars."""
    return RefillStatus(
        refilling=scope.refilling(),
        next_in_s=scope.next_refill_in_s(),
        read_at_s=scope.world.clock.now(),
    )


def open_valves(scope: Scope) -> None:
    """Let the beam in, and unblank it. Raises ValvesClosed when they do not move."""
    if scope.world.state.column.valves_read_open:
        scope.world.put(column=replace(scope.world.state.column, beam_blanked=False))
        return
    if scope.exchanging():
        raise CommandRefused("The valves stay closed while the autoloader exchanges grids.")
    if not scope.vacuum_ready():
        raise InstrumentBusy("The vacuum is not ready; the valves stay closed until it is.")
    scope.world.spend(Operation.VALVES)
    if scope.world.state.column.valves_jammed:
        raise ValvesClosed("The valves did not open; look at the vacuum page of the console.")
    scope.world.put(column=replace(scope.world.state.column, valves_open=True, beam_blanked=False))


def close_valves(scope: Scope) -> None:
    """Shut the beam off, at once. Raises CommandRefused when they do not move."""
    if scope.world.state.column.valves_jammed:
        raise CommandRefused(
            "The valves do not report closed after they were closed; close them at the console."
        )
    scope.world.put(column=replace(scope.world.state.column, valves_open=False))


def blank_beam(scope: Scope) -> None:
    """Deflect the beam away."""
    scope.world.put(column=replace(scope.world.state.column, beam_blanked=True))


def refine_zero_loss(scope: Scope) -> None:
    """Centre the energy slit."""
    require_beam(scope)
    scope.world.spend(Operation.ZERO_LOSS)
    now_s = scope.world.clock.now()
    scope.world.put(column=replace(scope.world.state.column, zero_loss_at_s=now_s))


def flash_gun(scope: Scope) -> None:
    """Flash the gun; the valves must be closed."""
    if not scope.world.state.column.valves_read_closed:
        raise CommandRefused("The column valves are open; close them before flashing the gun.")
    scope.world.spend(Operation.GUN_FLASH)
    now_s = scope.world.clock.now()
    scope.world.put(column=replace(scope.world.state.column, flashed_at_s=now_s))


def require_beam(scope: Scope) -> None:
    """Raise unless the camera may expose: the instrument's own interlock."""
    column = scope.world.state.column
    if scope.exchanging():
        raise InstrumentBusy("The autoloader is exchanging grids; nothing can be exposed.")
    if column.screen_down:
        raise CommandRefused("The screen is down and covers the camera; raise it first.")
    if not column.valves_read_open:
        raise ValvesClosed("The column valves are closed; nothing was exposed. Open them first.")
    scope.slot()


def refill_now(scope: Scope) -> None:
    """Fill the dewars at once instead of when it would be due; returns when they are full."""
    begin_refill(scope, None)
    world = scope.world
    world.pass_time(world.state.column.refill_until_s - world.clock.now())
    scope.settle()


def begin_refill(scope: Scope, for_s: float | None) -> None:
    """The dewars begin to fill by themselves now; `for_s` None takes as long as usual."""
    world = scope.world
    if for_s is None:
        for_s = duration_s(world.seed, Operation.REFILL, world.count(f"op:{Operation.REFILL}"))
    now_s = world.clock.now()
    world.put(column=replace(world.state.column, refill_from_s=now_s, refill_until_s=now_s + for_s))


def run_pump(scope: Scope, for_s: float) -> None:
    """The buffer pump starts by itself."""
    until_s = scope.world.clock.now() + for_s
    scope.world.put(column=replace(scope.world.state.column, pump_until_s=until_s))


def spoil_vacuum(scope: Scope, for_s: float) -> None:
    """The vacuum goes for a while; the vendor's interlock closes the valves."""
    ready_at_s = scope.world.clock.now() + for_s
    scope.world.put(
        column=replace(scope.world.state.column, vacuum_ready_at_s=ready_at_s, valves_open=False)
    )
