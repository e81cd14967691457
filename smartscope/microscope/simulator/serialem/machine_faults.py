"""Faults of the machine that come by themselves: before, or just after, a command's effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from smartscope.microscope.simulator import column
from smartscope.microscope.simulator.fault_kinds import EXPOSING, FaultKind, Phase
from smartscope.microscope.simulator.faults import Fault
from smartscope.microscope.simulator.serialem.program import Program
from smartscope.microscope.simulator.state import ColumnState

LONG_S = 3600.0


def befall(program: Program, phase: Phase) -> None:
    """Let every fault of the machine that is due in this phase happen."""
    for fault in program.struck:
        if fault.phase is phase and fault.kind in _HAPPEN:
            _HAPPEN[fault.kind](program, fault)


def let_fall(program: Program, command: str) -> None:
    """A valve that fell just as the camera opened: dark image, and now it is seen to be closed."""
    valve = program.suffers(FaultKind.VALVE_CLOSES)
    if valve is not None and valve.phase is Phase.BEFORE and command in EXPOSING:
        _change(program, valves_open=False, beam_lost=False)


def _change(program: Program, **changes: Any) -> None:
    state: ColumnState = program.scope.world.state.column
    program.scope.world.put(column=replace(state, **changes))


def _beam_lost(program: Program, fault: Fault) -> None:
    _change(program, beam_lost=True)


def _valve_closes(program: Program, fault: Fault) -> None:
    """A valve that falls as the camera opens leaves one dark image; only then is it seen closed."""
    if fault.phase is Phase.AFTER:
        _change(program, valves_open=False)
    else:
        _change(program, beam_lost=True)


def _beam_falls(program: Program, fault: Fault) -> None:
    factor = program.scope.world.state.column.beam_factor * fault.number("factor", 0.3)
    _change(program, beam_factor=factor)


def _refill(program: Program, fault: Fault) -> None:
    column.begin_refill(program.scope, fault.number("for_s", LONG_S))


def _pump(program: Program, fault: Fault) -> None:
    column.run_pump(program.scope, fault.number("for_s", 60.0))


def _vacuum(program: Program, fault: Fault) -> None:
    column.spoil_vacuum(program.scope, fault.number("for_s", LONG_S))


def _screen(program: Program, fault: Fault) -> None:
    _change(program, screen_down=True)


def _low_dose_off(program: Program, fault: Fault) -> None:
    program.low_dose.on = False


def _warming(program: Program, fault: Fault) -> None:
    _change(
        program,
        warming_from_s=program.scope.world.clock.now(),
        warming_angstrom_per_s_per_h=fault.number("angstrom_per_s_per_h", 20.0),
    )


_HAPPEN: Mapping[FaultKind, Callable[[Program, Fault], None]] = {
    FaultKind.BEAM_LOST: _beam_lost,
    FaultKind.VALVE_CLOSES: _valve_closes,
    FaultKind.BEAM_FALLS: _beam_falls,
    FaultKind.REFILL: _refill,
    FaultKind.PUMP: _pump,
    FaultKind.VACUUM: _vacuum,
    FaultKind.SCREEN_DOWN: _screen,
    FaultKind.LOW_DOSE_OFF: _low_dose_off,
    FaultKind.WARMING: _warming,
}
