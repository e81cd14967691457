"""Commands of column and gun: valves, beam blank, screen, vacuum, dewars, filter, emission."""

from __future__ import annotations

import math
from dataclasses import replace

from smartscope.microscope.simulator import column
from smartscope.microscope.simulator.fault_kinds import FaultKind
from smartscope.microscope.simulator.serialem.answers import DONE, NOTHING, ScriptError, Values
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.program import Program, Table
from smartscope.microscope.simulator.serialem.version import V42

EMISSION_NA = 110.0
#: hours after which a cold field emitter wants its flashes (assumed)
COLD_FLASH_EVERY_H, HOT_FLASH_EVERY_H = 8.0, 72.0
#: what valves report that are neither open nor closed
INCONSISTENT = -1.0
GREEN, YELLOW, RED = 0.0, 1.0, 2.0
#: a vacuum that comes back within this many seconds shows yellow, else red
YELLOW_WITHIN_S = 60.0


def _valve(program: Program, arguments: Arguments) -> Values:
    state = program.scope.world.state.column
    return (INCONSISTENT if state.valves_jammed else float(state.valves_open),)


def _set_valve(program: Program, arguments: Arguments) -> Values:
    scope = program.scope
    if program.suffers(FaultKind.VALVE_REFUSES) or scope.world.state.column.valves_jammed:
        return NOTHING
    if arguments.whole(1) == 0:
        column.close_valves(scope)
        return NOTHING
    blanked = scope.world.state.column.beam_blanked
    column.open_valves(scope)
    scope.world.put(column=replace(scope.world.state.column, beam_blanked=blanked))
    return NOTHING


def _blank(program: Program, arguments: Arguments) -> Values:
    world = program.scope.world
    world.put(column=replace(world.state.column, beam_blanked=arguments.whole(1) != 0))
    return NOTHING


def _screen(program: Program, arguments: Arguments) -> Values:
    return (float(program.scope.world.state.column.screen_down),)


def _screen_up(program: Program, arguments: Arguments) -> Values:
    world = program.scope.world
    world.put(column=replace(world.state.column, screen_down=False))
    return NOTHING


def _vacuum(program: Program, arguments: Arguments) -> Values:
    scope = program.scope
    if scope.vacuum_ready():
        return (GREEN,)
    wait_s = scope.world.state.column.vacuum_ready_at_s - scope.world.clock.now()
    return (YELLOW if wait_s < YELLOW_WITHIN_S else RED,)


def _pump(program: Program, arguments: Arguments) -> Values:
    return (float(program.scope.pump_running()),)


def _filling(program: Program, arguments: Arguments) -> Values:
    return (float(program.scope.refilling()),)


def _remaining(program: Program, arguments: Arguments) -> Values:
    seconds = program.scope.next_refill_in_s()
    return (-1.0 if seconds is None else seconds,)


def _refine_zero_loss(program: Program, arguments: Arguments) -> Values:
    """Nothing is reported while the last one is younger than the minutes given."""
    world, found = program.scope.world, program.findings
    last_s, now_s = found.zero_loss_at_s, world.clock.now()
    due = last_s is None or now_s - last_s >= 60.0 * arguments.number_or(1, 0.0)
    if not due:
        return NOTHING
    if program.suffers(FaultKind.ZERO_LOSS_FAILED):
        if arguments.whole_or(4, 0) and program.version.at_least(V42):
            return (1.0,)
        raise ScriptError("Refining the zero loss peak failed")
    column.refine_zero_loss(program.scope)
    found.zero_loss_at_s = world.clock.now()
    return DONE if program.version.at_least(V42) else NOTHING


def _flash_advised(program: Program, arguments: Arguments) -> Values:
    if program.suffers(FaultKind.FLASH_ADVISED):
        return (1.0,)
    flashed_s = program.scope.world.state.column.flashed_at_s or program.scope.world.began_at_s
    hours = (program.scope.world.clock.now() - flashed_s) / 3600.0
    limit_h = HOT_FLASH_EVERY_H if arguments.whole(1) else COLD_FLASH_EVERY_H
    return (float(hours >= limit_h),)


def _next_flash_hot(program: Program, arguments: Arguments) -> Values:
    program.knobs.hot_flash_next = arguments.whole_or(1, 1) != 0
    return NOTHING


def _emission(program: Program, arguments: Arguments) -> Values:
    """Falls by a tenth in the eight hours after a flash."""
    state, world = program.scope.world.state.column, program.scope.world
    if not state.high_tension_on:
        return (0.0,)
    hours = (world.clock.now() - (state.flashed_at_s or world.began_at_s)) / 3600.0
    return (EMISSION_NA * math.exp(-max(hours, 0.0) / 80.0) * state.beam_factor,)


def _centre_beam(program: Program, arguments: Arguments) -> Values:
    column.require_beam(program.scope)
    program.knobs.beam_shift_um = (0.0, 0.0)
    return NOTHING


def _slit(program: Program, arguments: Arguments) -> Values:
    program.knobs.slit_in = arguments.whole_or(1, 1) != 0
    return NOTHING


def _slit_width(program: Program, arguments: Arguments) -> Values:
    width_ev = arguments.number(1)
    if not 0.0 < width_ev <= 100.0:
        raise ScriptError(f"A slit width of {width_ev:g} eV is out of range")
    program.knobs.slit_width_ev = width_ev
    return NOTHING


def _energy_loss(program: Program, arguments: Arguments) -> Values:
    program.knobs.loss_ev = arguments.number(1)
    return NOTHING


def _energy_filter(program: Program, arguments: Arguments) -> Values:
    knobs = program.knobs
    return knobs.slit_width_ev, knobs.loss_ev, float(knobs.slit_in)


def _nothing(program: Program, arguments: Arguments) -> Values:
    return NOTHING


COMMANDS: Table = {
    "ReportColumnOrGunValve": _valve,
    "SetColumnOrGunValve": _set_valve,
    "SetBeamBlank": _blank,
    "ReportScreen": _screen,
    "ScreenUp": _screen_up,
    "ReportVacuumStatus": _vacuum,
    "IsPVPRunning": _pump,
    "AreDewarsFilling": _filling,
    "DewarsRemainingTime": _remaining,
    "ManageDewarsAndPumps": _nothing,
    "RefineZLP": _refine_zero_loss,
    "IsFEGFlashingAdvised": _flash_advised,
    "NextFEGFlashHighTemp": _next_flash_hot,
    "ReportFEGBeamCurrent": _emission,
    "AutoCenterBeam": _centre_beam,
    "SetSlitIn": _slit,
    "SetSlitWidth": _slit_width,
    "SetEnergyLoss": _energy_loss,
    "ReportEnergyFilter": _energy_filter,
    "UpdateHWDarkRef": _nothing,
}
