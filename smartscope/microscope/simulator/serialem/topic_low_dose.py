"""Commands of low dose: on and off, its areas, and where focus lies beside the target."""

from __future__ import annotations

import math

from smartscope.microscope.simulator import positioning
from smartscope.microscope.simulator.serialem.answers import NOTHING, ScriptError, Values
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.imaging_states import (
    BY_AREA,
    LOW_DOSE,
    LOW_DOSE_LETTERS,
    low_dose_letter,
)
from smartscope.microscope.simulator.serialem.pixel_sizes import unbinned_pixel_um
from smartscope.microscope.simulator.serialem.program import Program, Table
from smartscope.microscope.values import Area

NOWHERE = -1.0


def _set_mode(program: Program, arguments: Arguments) -> Values:
    """The previous state. Turning it on goes to the record area."""
    before, on = program.low_dose.on, arguments.whole(1) != 0
    if on and not before:
        positioning.go_to(program.scope, Area.RECORD)
    program.low_dose.on = on
    return (float(before),)


def _go_to(program: Program, arguments: Arguments) -> Values:
    letter = low_dose_letter(arguments.text(1))
    if not program.low_dose.on:
        raise ScriptError("You must be in low dose mode to go to a low dose area")
    if program.scope.world.state.column.screen_down:
        raise ScriptError("The screen must be up to go to a low dose area")
    positioning.go_to(program.scope, LOW_DOSE[letter])
    return NOTHING


def _report(program: Program, arguments: Arguments) -> Values:
    return float(program.low_dose.on), area_number(program)


def area_number(program: Program) -> float:
    """The low-dose area in use, -1 when there is none."""
    if not program.low_dose.on:
        return NOWHERE
    area = program.scope.world.state.lenses.area
    letters = [letter for letter, each in LOW_DOSE.items() if each is area]
    return float(LOW_DOSE_LETTERS.index(letters[0])) if letters else NOWHERE


def _set_axis(program: Program, arguments: Arguments) -> Values:
    letter = _beside(arguments)
    distance_um, turn_deg = arguments.number(2), arguments.number_or(3, 0.0)
    if abs(distance_um) > 19.0:
        raise ScriptError(f"An axis position of {distance_um:g} µm is out of range")
    program.low_dose.axis_um[letter] = distance_um
    program.low_dose.axis_deg[letter] = turn_deg
    return NOTHING


def _axis(program: Program, arguments: Arguments) -> Values:
    letter = _beside(arguments)
    distance_um, turn_deg = program.low_dose.axis_um[letter], program.low_dose.axis_deg[letter]
    pixels = distance_um / unbinned_pixel_um(program.scope, Area.RECORD)
    angle = math.radians(turn_deg)
    return distance_um, turn_deg, pixels * math.cos(angle), pixels * math.sin(angle)


def _beside(arguments: Arguments) -> str:
    letter = low_dose_letter(arguments.text(1))
    if letter not in "FT":
        raise ScriptError("Only the Focus and Trial areas have an axis position")
    return letter


def _parameters(program: Program, arguments: Arguments) -> Values:
    """Into an array variable: magnification index, spot, C2, probe, defocus offset."""
    area = LOW_DOSE[low_dose_letter(arguments.text(1))]
    knobs = program.knobs
    values = (
        BY_AREA[area].index,
        knobs.spot,
        knobs.percent_c2,
        0 if knobs.nano_probe else 1,
        -program.scope.area(area).defocus_um,
    )
    program.script.variables[arguments.text(2).upper()] = "\n".join(f"{v:g}" for v in values)
    return NOTHING


def _nothing(program: Program, arguments: Arguments) -> Values:
    return NOTHING


COMMANDS: Table = {
    "SetLowDoseMode": _set_mode,
    "GoToLowDoseArea": _go_to,
    "ReportLowDose": _report,
    "SetAxisPosition": _set_axis,
    "ReportAxisPosition": _axis,
    "GetLowDoseAreaParams": _parameters,
    "UpdateLowDoseParams": _nothing,
    "RestoreLowDoseParams": _nothing,
}
