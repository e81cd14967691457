"""Commands of the autoloader: slots, exchanges, and the long operations that share their panel."""

from __future__ import annotations

from dataclasses import replace

from smartscope.microscope.errors import LoadFailed, SlotEmpty
from smartscope.microscope.simulator import column
from smartscope.microscope.simulator.fault_kinds import FaultKind
from smartscope.microscope.simulator.serialem.answers import NOTHING, ScriptError, Values
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.program import Program, Table
from smartscope.microscope.simulator.serialem.version import V41, V42
from smartscope.microscope.simulator.state import LoaderStatus

UNKNOWN, EMPTY, FULL = -1.0, 0.0, 1.0
LOAD_ERROR = 1.0
#: where JEOL's loader has a cartridge
MAGAZINE, STAGE = 1.0, 3.0
#: the first letters of long operations that do something here, and of those that only take note
_INVENTORY, _REFILL, _FLASH = "IN", "RE", "FF"
_INSTANT = ("BU", "LO", "UN", "RS", "RT", "RB", "PA", "AV", "SM", "DA")


def _slot_status(program: Program, arguments: Arguments) -> Values:
    """Full, empty or unknown before an inventory; the grid's name from 4.1."""
    slot, scope = arguments.whole(1), program.scope
    if not scope.settings.has_autoloader:
        raise ScriptError("This microscope has no autoloader")
    if not 1 <= slot <= scope.settings.loader_slots:
        return (UNKNOWN,)
    if program.jeol_loader:
        return _jeol_status(program, slot)
    inventory = column.inventory(scope)
    status = next(each for each in inventory.slots if each.slot == slot)
    occupied = FULL if status.occupied else EMPTY
    if program.version.at_least(V41) and status.name and status.occupied:
        return occupied, status.name
    return (occupied,)


def _jeol_status(program: Program, index: int) -> Values:
    """Cartridge, station, slot, type, angle and name; -1 for what the inventory does not have."""
    if _INVENTORY not in program.knobs.operations_done_s:
        return (UNKNOWN,)
    inventory = column.inventory(program.scope)
    status = next(each for each in inventory.slots if each.slot == index)
    on_stage = inventory.loaded_slot == index
    if not (on_stage or status.occupied):
        return (UNKNOWN,)
    name = status.name or f"Cartridge {index}"
    return float(index), STAGE if on_stage else MAGAZINE, float(index), 0.0, 0.0, name


def _load(program: Program, arguments: Arguments) -> Values:
    scope, slot = program.scope, arguments.whole(1)
    if not scope.settings.has_autoloader:
        raise ScriptError("This microscope has no autoloader")
    if program.suffers(FaultKind.SLOT_EMPTY):
        raise SlotEmpty(f"Slot {slot} holds no grid; nothing was loaded.")
    another = program.suffers(FaultKind.LOADED_ANOTHER)
    taken = slot if another is None else int(another.number("slot", slot))
    try:
        column.load(scope, taken, fails=program.suffers(FaultKind.LOAD_FAILURE) is not None)
    except LoadFailed:
        if scope.world.state.autoloader.status is not LoaderStatus.FAULTED:
            raise
        if not program.version.at_least(V42):
            raise
        return LOAD_ERROR, 0.0
    if program.suffers(FaultKind.LOAD_ERROR_BUT_LOADED):
        raise LoadFailed("The autoloader reported an error at the end of the exchange.")
    return _done(program)


def _unload(program: Program, arguments: Arguments) -> Values:
    if not program.scope.settings.has_autoloader:
        raise ScriptError("This microscope has no autoloader")
    column.unload(program.scope)
    return _done(program)


def _done(program: Program) -> Values:
    return (0.0, 0.0) if program.version.at_least(V42) else NOTHING


def _loaded_slot(program: Program, arguments: Arguments) -> Values:
    slot = program.scope.world.state.autoloader.loaded_slot
    return float(slot or 0), 0.0


def _long_operation(program: Program, arguments: Arguments) -> Values:
    """Pairs of a code and hours since it was last done; below -1 only asks how long ago."""
    operations = [str(value) for value in arguments.values if value not in (None, "")]
    if len(operations) == 1:
        operations.append("0")
    answer: Values = _done(program)
    for code, hours in zip(operations[::2], operations[1::2], strict=False):
        key = code[:2].upper()
        since_h = _hours_since(program, key)
        try:
            at_least_h = float(hours)
        except ValueError:
            raise ScriptError(f"LongOperation needs hours after {code}, not {hours!r}") from None
        if at_least_h < -1.0:
            return (since_h,)
        if since_h >= at_least_h:
            _operate(program, key)
    return answer


def _hours_since(program: Program, key: str) -> float:
    done_s = program.knobs.operations_done_s.get(key)
    return 1e4 if done_s is None else (program.scope.world.clock.now() - done_s) / 3600.0


def _operate(program: Program, key: str) -> None:
    scope = program.scope
    if key == _INVENTORY:
        loader = scope.world.state.autoloader
        scope.world.put(autoloader=replace(loader, inventoried=False))
        column.inventory(scope)
    elif key == _FLASH:
        if program.suffers(FaultKind.FLASH_FAILS):
            raise ScriptError("LongOperation FF failed: the gun did not reach its current")
        column.flash_gun(scope)
        program.knobs.hot_flash_next = False
    elif key == _REFILL:
        column.refill_now(scope)
    elif key not in _INSTANT:
        raise ScriptError(f"LongOperation {key} is not one that SerialEM knows")
    program.knobs.operations_done_s[key] = scope.world.clock.now()


COMMANDS: Table = {
    "ReportSlotStatus": _slot_status,
    "LoadCartridge": _load,
    "UnloadCartridge": _unload,
    "ReportLoadedSlot": _loaded_slot,
    "LongOperation": _long_operation,
}
