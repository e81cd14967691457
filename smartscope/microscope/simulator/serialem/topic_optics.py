"""Commands of lenses: magnification, defocus, spot, condenser, beam shift and tilt, apertures."""

from __future__ import annotations

import numpy as np

from smartscope.microscope.simulator import positioning
from smartscope.microscope.simulator.column import require_beam
from smartscope.microscope.simulator.fault_kinds import FaultKind
from smartscope.microscope.simulator.serialem.answers import DONE, NOTHING, ScriptError, Values
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.imaging_states import (
    BY_AREA,
    STATES,
    Magnification,
    of_index,
    of_nominal,
)
from smartscope.microscope.simulator.serialem.orientation import four, times
from smartscope.microscope.simulator.serialem.program import Program, Table
from smartscope.microscope.simulator.serialem.version import V41
from smartscope.microscope.values import Area

#: SerialEM's numbers of apertures: 1 the condenser's, 2 the objective's
_APERTURES = {1: "condenser", 2: "objective"}
#: beam tilt (mrad) that undoes the coma of one µm of image shift (assumed)
COMA_PER_SHIFT = np.array([[0.062, 0.004], [-0.003, 0.059]])
UNKNOWN_STATE, WRONG_MODE = 1.0, 2.0


def present(program: Program) -> Magnification:
    """The magnification that is set."""
    return BY_AREA[program.scope.world.state.lenses.area]


def _mag(program: Program, arguments: Arguments) -> Values:
    mag = present(program)
    values = (float(mag.nominal), float(mag.low))
    return (*values, 1.0) if program.version.at_least(V41) else values


def _mag_index(program: Program, arguments: Arguments) -> Values:
    mag = present(program)
    return float(mag.index), float(mag.low)


def _set_mag(program: Program, arguments: Arguments) -> Values:
    _magnify(program, of_nominal(arguments.number(1)))
    return NOTHING


def _set_mag_index(program: Program, arguments: Arguments) -> Values:
    _magnify(program, of_index(arguments.whole(1)))
    return NOTHING


def _magnify(program: Program, mag: Magnification) -> None:
    if program.low_dose.on and mag.low:
        raise ScriptError("Low magnifications cannot be reached in low dose mode; turn it off")
    positioning.go_to(program.scope, mag.area)


def _imaging_state(program: Program, arguments: Arguments) -> Values:
    """0 when it was set; 1 there is none of that name, 2 low dose is in the way."""
    fault = program.suffers(FaultKind.STATE_REFUSED)
    if fault is not None:
        return (fault.number("code", 3.0),)
    area = STATES.get(arguments.text(1).lower())
    if area is None:
        return (UNKNOWN_STATE,)
    if program.low_dose.on and area is Area.ATLAS:
        return (WRONG_MODE,)
    positioning.go_to(program.scope, area)
    return DONE


def _restore_state(program: Program, arguments: Arguments) -> Values:
    return NOTHING


def _state_properties(program: Program, arguments: Arguments) -> Values:
    name = arguments.text(1).lower()
    if name not in STATES:
        return (1.0,)
    number = float(list(STATES).index(name) + 1)
    return 0.0, number, 0.0, 1.0, float(BY_AREA[STATES[name]].index), name


def defocus_reading(program: Program) -> float:
    """The lens as SerialEM shows it: negative is underfocus; autofocus does not make it zero."""
    lenses = program.scope.world.state.lenses
    return lenses.focus_height_um - lenses.defocus_um


def set_defocus_reading(program: Program, reading_um: float) -> None:
    """Turn the lens so that it shows that."""
    lenses = program.scope.world.state.lenses
    positioning.set_defocus(program.scope, lenses.focus_height_um - reading_um)


def _defocus(program: Program, arguments: Arguments) -> Values:
    return (defocus_reading(program),)


def _set_defocus(program: Program, arguments: Arguments) -> Values:
    set_defocus_reading(program, arguments.number(1))
    return NOTHING


def _change_focus(program: Program, arguments: Arguments) -> Values:
    set_defocus_reading(program, defocus_reading(program) + arguments.number(1))
    return NOTHING


def _eucentric_focus(program: Program, arguments: Arguments) -> Values:
    set_defocus_reading(program, 0.0)
    return DONE


def _offset(program: Program, arguments: Arguments) -> Values:
    letter = arguments.text(1)[:1].upper()
    areas = {"V": Area.HOLE, "S": Area.SQUARE}
    if letter not in areas:
        raise ScriptError("ReportLDDefocusOffset is for View or Search")
    return (-program.scope.area(areas[letter]).defocus_um,)


def _spot(program: Program, arguments: Arguments) -> Values:
    return (float(program.knobs.spot),)


def _set_spot(program: Program, arguments: Arguments) -> Values:
    spot = arguments.whole(1)
    if not 1 <= spot <= 11:
        raise ScriptError(f"Spot size {spot} is out of range")
    program.knobs.spot = spot
    return NOTHING


def _c2(program: Program, arguments: Arguments) -> Values:
    return program.knobs.percent_c2, program.knobs.percent_c2 / 100.0


def _set_c2(program: Program, arguments: Arguments) -> Values:
    percent = arguments.number(1)
    if not 0.0 <= percent <= 100.0:
        raise ScriptError(f"C2 of {percent:g} percent is out of range")
    program.knobs.percent_c2 = percent
    return NOTHING


def _illuminated(program: Program, arguments: Arguments) -> Values:
    area = program.scope.area(program.scope.world.state.lenses.area)
    return (2.0 * area.beam_radius_um / 100.0,)


def _probe(program: Program, arguments: Arguments) -> Values:
    return (0.0 if program.knobs.nano_probe else 1.0,)


def _set_probe(program: Program, arguments: Arguments) -> Values:
    program.knobs.nano_probe = arguments.text(1).lower().startswith("nano")
    return NOTHING


def _beam_shift(program: Program, arguments: Arguments) -> Values:
    return program.knobs.beam_shift_um


def _set_beam_shift(program: Program, arguments: Arguments) -> Values:
    program.knobs.beam_shift_um = arguments.number(1), arguments.number(2)
    return NOTHING


def _move_beam(program: Program, arguments: Arguments) -> Values:
    x_um, y_um = program.knobs.beam_shift_um
    program.knobs.beam_shift_um = x_um + arguments.number(1), y_um + arguments.number(2)
    return NOTHING


def _beam_tilt(program: Program, arguments: Arguments) -> Values:
    return program.knobs.beam_tilt_mrad


def _set_beam_tilt(program: Program, arguments: Arguments) -> Values:
    program.knobs.beam_tilt_mrad = arguments.number(1), arguments.number(2)
    return NOTHING


def _save_beam_tilt(program: Program, arguments: Arguments) -> Values:
    program.knobs.saved_beam_tilt_mrad = program.knobs.beam_tilt_mrad
    return NOTHING


def _restore_beam_tilt(program: Program, arguments: Arguments) -> Values:
    if program.knobs.saved_beam_tilt_mrad is None:
        raise ScriptError("There is no saved beam tilt to restore")
    program.knobs.beam_tilt_mrad = program.knobs.saved_beam_tilt_mrad
    program.knobs.saved_beam_tilt_mrad = None
    return NOTHING


def _aperture(program: Program, arguments: Arguments) -> Values:
    name = _aperture_name(arguments)
    return (dict(program.scope.world.state.lenses.apertures)[name],)


def _set_aperture(program: Program, arguments: Arguments) -> Values:
    name, size_um = _aperture_name(arguments), arguments.whole(2)
    if not program.suffers(FaultKind.APERTURE_STUCK):
        positioning.set_aperture(program.scope, name, float(size_um))
    return NOTHING


def _remove_aperture(program: Program, arguments: Arguments) -> Values:
    positioning.set_aperture(program.scope, _aperture_name(arguments), 0.0)
    return NOTHING


def _aperture_name(arguments: Arguments) -> str:
    number = arguments.whole(1)
    if number not in _APERTURES:
        raise ScriptError(f"Aperture {number} is not one of this microscope's; use 1 or 2")
    return _APERTURES[number]


def _centre_from_image(program: Program, arguments: Arguments) -> Values:
    program.buffers.get("A")
    program.knobs.beam_shift_um = (0.0, 0.0)
    return DONE


def _fix_aberration(program: Program, arguments: Arguments) -> Values:
    """Coma and astigmatism by CTF: beam tilt is centred; neither is modelled further."""
    require_beam(program.scope)
    program.knobs.beam_tilt_mrad = (0.0, 0.0)
    return NOTHING


def _coma_matrix(program: Program, arguments: Arguments) -> Values:
    return four(COMA_PER_SHIFT)


def _adjust_tilt(program: Program, arguments: Arguments) -> Values:
    lenses = program.scope.world.state.lenses
    program.knobs.beam_tilt_mrad = times(COMA_PER_SHIFT, lenses.shift_x_um, lenses.shift_y_um)
    return NOTHING


COMMANDS: Table = {
    "ReportMag": _mag,
    "ReportMagIndex": _mag_index,
    "SetMag": _set_mag,
    "SetMagIndex": _set_mag_index,
    "GoToImagingState": _imaging_state,
    "ImagingStateProperties": _state_properties,
    "RestoreState": _restore_state,
    "ReportDefocus": _defocus,
    "SetDefocus": _set_defocus,
    "ChangeFocus": _change_focus,
    "SetEucentricFocus": _eucentric_focus,
    "ReportLDDefocusOffset": _offset,
    "ReportSpotSize": _spot,
    "SetSpotSize": _set_spot,
    "ReportPercentC2": _c2,
    "SetPercentC2": _set_c2,
    "ReportIlluminatedArea": _illuminated,
    "ReportProbeMode": _probe,
    "SetProbeMode": _set_probe,
    "ReportBeamShift": _beam_shift,
    "SetBeamShift": _set_beam_shift,
    "MoveBeamByMicrons": _move_beam,
    "ReportBeamTilt": _beam_tilt,
    "SetBeamTilt": _set_beam_tilt,
    "SaveBeamTilt": _save_beam_tilt,
    "RestoreBeamTilt": _restore_beam_tilt,
    "AdjustBeamTiltforIS": _adjust_tilt,
    "ReportComaVsISmatrix": _coma_matrix,
    "ReportApertureSize": _aperture,
    "SetApertureSize": _set_aperture,
    "RemoveAperture": _remove_aperture,
    "CenterBeamFromImage": _centre_from_image,
    "FixAstigmatismByCTF": _fix_aberration,
    "FixComaByCTF": _fix_aberration,
}
