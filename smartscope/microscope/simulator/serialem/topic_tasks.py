"""Commands of SerialEM's own tasks: eucentricity, autofocus, waiting for drift."""

from __future__ import annotations

import math
from dataclasses import replace

from smartscope.domain.geometry import Point
from smartscope.microscope.errors import AutofocusFailed, DriftTooHigh
from smartscope.microscope.simulator import positioning, routines
from smartscope.microscope.simulator.fault_kinds import FaultKind
from smartscope.microscope.simulator.serialem.answers import NOTHING, ScriptError, Values
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.program import Program, Table
from smartscope.microscope.simulator.serialem.topic_optics import defocus_reading
from smartscope.microscope.values import Area, HeightMode

MEASURE_ONLY = -1
DRIFT_ONLY = -2
FINE_BIT = 2
BY_FOCUS = -1
NO_PEAK = 1.0
ANGSTROM_PER_NM = 10.0
#: nm/s, and seconds, where DriftWaitTask is given none
_DRIFT_LIMIT_NM_S, _DRIFT_TIMEOUT_S = 1.0, 60.0
_NM = {"nm": 1.0, "a": 0.1}


def _eucentricity(program: Program, arguments: Arguments) -> Values:
    """1 rough, 2 fine, 3 both; -1 by focus, as fine."""
    action = arguments.whole_or(1, 1)
    if program.low_dose.on:
        positioning.go_to(program.scope, Area.HOLE)
    runaway = program.suffers(FaultKind.RUNAWAY_HEIGHT) is not None
    if action > 0 and action & 1:
        routines.eucentric_height(program.scope, HeightMode.ROUGH, runaway=runaway)
    if action == BY_FOCUS or action & FINE_BIT:
        program.heed_stop()
        routines.eucentric_height(program.scope, HeightMode.FINE, runaway=runaway)
    wrong = program.suffers(FaultKind.HEIGHT_WRONG)
    if wrong is not None:
        stage = program.scope.world.state.stage
        z_um = stage.z_um + wrong.number("um", 20.0)
        program.scope.world.put(stage=replace(stage, z_um=z_um))
    return NOTHING


def _autofocus(program: Program, arguments: Arguments) -> Values:
    """Always done without an error; what came of it is in ReportAutoFocus."""
    found, action = program.findings, arguments.whole_or(1, 1)
    before_um = defocus_reading(program)
    drift = program.scope.drift_angstrom_per_s()
    found.focus_drift_nm_s = (drift[0] / ANGSTROM_PER_NM, drift[1] / ANGSTROM_PER_NM)
    if action == DRIFT_ONLY:
        return NOTHING
    before = program.scope.world.state.lenses
    coded = program.suffers(FaultKind.AUTOFOCUS_CODE)
    no_lock = program.suffers(FaultKind.AUTOFOCUS_NO_LOCK) is not None or coded is not None
    try:
        routines.autofocus(program.scope, no_lock=no_lock, beside=focus_place(program))
    except AutofocusFailed:
        found.autofocus = (0.0, NO_PEAK if coded is None else coded.number("code", NO_PEAK))
        return NOTHING
    focused = program.scope.world.state.lenses
    measured_um = before_um - focused.focus_height_um
    found.autofocus = (measured_um, 0.0)
    if action == MEASURE_ONLY:
        program.scope.world.put(lenses=replace(before, area=focused.area))
        return NOTHING
    positioning.set_defocus(program.scope, -found.target_defocus_um)
    return NOTHING


def focus_place(program: Program) -> Point:
    """Where the focus area lies beside the target, in stage µm."""
    distance_um = program.low_dose.axis_um["F"]
    angle = math.radians(program.low_dose.axis_deg["F"])
    return Point(distance_um * math.cos(angle), -distance_um * math.sin(angle))


def _report_autofocus(program: Program, arguments: Arguments) -> Values:
    if program.findings.autofocus is None:
        raise ScriptError("There is no result of autofocus to report")
    return program.findings.autofocus


def _focus_drift(program: Program, arguments: Arguments) -> Values:
    if program.findings.focus_drift_nm_s is None:
        raise ScriptError("No drift is available from the last autofocus")
    return program.findings.focus_drift_nm_s


def _set_target(program: Program, arguments: Arguments) -> Values:
    target_um = arguments.number(1)
    if not -200.0 <= target_um <= 20.0:
        raise ScriptError(f"A target defocus of {target_um:g} µm is out of range")
    program.findings.target_defocus_um = target_um
    return NOTHING


def _target(program: Program, arguments: Arguments) -> Values:
    return (program.findings.target_defocus_um,)


def _wait_for_drift(program: Program, arguments: Arguments) -> Values:
    """Rate per second, its unit (nm or A), longest wait (s); no error: ask GetWaitTaskDrift."""
    unit = arguments.text_or(2, "nm").lower()
    if unit not in _NM:
        raise ScriptError(f"DriftWaitTask has no unit {unit!r}; use nm or A")
    limit_nm_s = arguments.number_or(1, _DRIFT_LIMIT_NM_S / _NM[unit]) * _NM[unit]
    timeout_s = arguments.number_or(3, _DRIFT_TIMEOUT_S)
    never = program.suffers(FaultKind.DRIFT_NEVER) is not None
    limit_angstrom = 0.0 if never else limit_nm_s * ANGSTROM_PER_NM
    try:
        result = routines.wait_for_drift(program.scope, limit_angstrom, timeout_s)
    except DriftTooHigh:
        x, y = program.scope.drift_angstrom_per_s()
        program.findings.drift_wait = (math.hypot(x, y) / ANGSTROM_PER_NM, 1.0)
        return NOTHING
    program.findings.drift_wait = (result.rate_angstrom_per_s / ANGSTROM_PER_NM, 0.0)
    return NOTHING


def _waited(program: Program, arguments: Arguments) -> Values:
    if program.findings.drift_wait is None:
        raise ScriptError("There is no result of a drift wait to report")
    return program.findings.drift_wait


COMMANDS: Table = {
    "Eucentricity": _eucentricity,
    **dict.fromkeys(("AutoFocus", "G"), _autofocus),
    "ReportAutoFocus": _report_autofocus,
    "ReportFocusDrift": _focus_drift,
    "SetTargetDefocus": _set_target,
    "ReportTargetDefocus": _target,
    "DriftWaitTask": _wait_for_drift,
    "GetWaitTaskDrift": _waited,
}
