"""Commands of image shift, and the matrices between camera, specimen, stage and shift."""

from __future__ import annotations

from collections.abc import Callable

from smartscope.domain.geometry import Point
from smartscope.microscope.errors import CommandRefused, ImageShiftLimit
from smartscope.microscope.simulator import positioning
from smartscope.microscope.simulator.durations import Operation
from smartscope.microscope.simulator.fault_kinds import FaultKind
from smartscope.microscope.simulator.serialem.answers import DONE, NOTHING, Values
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.imaging_states import of_index
from smartscope.microscope.simulator.serialem.orientation import (
    SPECIMEN_TO_STAGE,
    Matrix,
    four,
    inverse,
    shift_to_stage,
    specimen_to_shift,
    times,
)
from smartscope.microscope.simulator.serialem.pixel_sizes import unbinned_pixel_um
from smartscope.microscope.simulator.serialem.program import Handler, Program, Table
from smartscope.microscope.simulator.serialem.version import V41
from smartscope.microscope.tilted_shift import SpecimenOffset
from smartscope.microscope.values import Area, ImageShift

OVER_LIMIT: Values = (1.0,)


def shift_units(program: Program) -> tuple[float, float]:
    """The image shift in the scope's own units."""
    lenses = program.scope.world.state.lenses
    return times(inverse(shift_to_stage(lenses.area)), lenses.shift_x_um, lenses.shift_y_um)


def shift_to(program: Program, x: float, y: float) -> Values:
    """Set the image shift (own units); 1 when it is over the limit and nothing was done."""
    area = program.scope.world.state.lenses.area
    x_um, y_um = times(shift_to_stage(area), x, y)
    if program.suffers(FaultKind.SHIFT_REFUSED):
        return _coded(program, OVER_LIMIT)
    try:
        positioning.set_image_shift(program.scope, _tidy(x_um, y_um))
    except (ImageShiftLimit, CommandRefused):
        return _coded(program, OVER_LIMIT)
    return _coded(program, DONE)


def _tidy(x_um: float, y_um: float) -> ImageShift:
    """Whole hundredths of nanometres: a matrix and its inverse must not leave dust."""
    return ImageShift(round(x_um, 5) + 0.0, round(y_um, 5) + 0.0)


def _coded(program: Program, code: Values) -> Values:
    return code if program.version.at_least(V41) else NOTHING


def _set(program: Program, arguments: Arguments) -> Values:
    if arguments.number_or(3, 0.0) > 1.0:
        program.scope.world.spend(Operation.SHIFT_SETTLE)
    return shift_to(program, arguments.number(1), arguments.number(2))


def _by_units(program: Program, arguments: Arguments) -> Values:
    x, y = shift_units(program)
    return shift_to(program, x + arguments.number(1), y + arguments.number(2))


def _by_microns(program: Program, arguments: Arguments) -> Values:
    matrix = specimen_to_shift(program.scope.world.state.lenses.area)
    return _by(program, matrix, arguments)


def _by_pixels(program: Program, arguments: Arguments) -> Values:
    area = program.scope.world.state.lenses.area
    pixel_um = unbinned_pixel_um(program.scope, area)
    camera = program.orientation.camera_to_specimen(pixel_um)
    return _by(program, specimen_to_shift(area) @ camera, arguments)


def _by(program: Program, matrix: Matrix, arguments: Arguments) -> Values:
    dx, dy = times(matrix, arguments.number(1), arguments.number(2))
    x, y = shift_units(program)
    return shift_to(program, x + dx, y + dy)


def _report(program: Program, arguments: Arguments) -> Values:
    """Own units, unbinned camera pixels (Y up), stage µm."""
    lenses = program.scope.world.state.lenses
    pixel_um = unbinned_pixel_um(program.scope, lenses.area)
    to_camera = inverse(program.orientation.camera_to_stage(pixel_um))
    return (
        *shift_units(program),
        *times(to_camera, lenses.shift_x_um, lenses.shift_y_um),
        lenses.shift_x_um,
        lenses.shift_y_um,
    )


def _specimen_shift(program: Program, arguments: Arguments) -> Values:
    lenses = program.scope.world.state.lenses
    return times(inverse(SPECIMEN_TO_STAGE), lenses.shift_x_um, lenses.shift_y_um)


def _reset(program: Program, arguments: Arguments) -> Values:
    """Move the stage to where the shift points, take the shift away; the stage misses a bit."""
    stage, lenses = program.scope.world.state.stage, program.scope.world.state.lenses
    shift = ImageShift(lenses.shift_x_um, lenses.shift_y_um)
    seen = SpecimenOffset.seen_by(shift, stage.tilt_deg)
    target = seen.from_point(Point(stage.x_um, stage.y_um))
    if (lenses.shift_x_um, lenses.shift_y_um) != (0.0, 0.0):
        positioning.set_image_shift(program.scope, ImageShift(0.0, 0.0))
        positioning.move_to(program.scope, target, None)
    return NOTHING


def _matrix(make: Callable[[Program, Area], Matrix]) -> Handler:
    """A command that reports a matrix for a magnification index, 0 for the present one."""

    def handler(program: Program, arguments: Arguments) -> Values:
        index = arguments.whole_or(1, 0)
        area = program.scope.world.state.lenses.area if index == 0 else of_index(index).area
        return four(make(program, area))

    return handler


def _camera_to_specimen(program: Program, area: Area) -> Matrix:
    return program.orientation.camera_to_specimen(unbinned_pixel_um(program.scope, area))


def _stage_to_camera(program: Program, area: Area) -> Matrix:
    return inverse(program.orientation.camera_to_stage(unbinned_pixel_um(program.scope, area)))


COMMANDS: Table = {
    "SetImageShift": _set,
    "ImageShiftByUnits": _by_units,
    "ImageShiftByMicrons": _by_microns,
    "ImageShiftByPixels": _by_pixels,
    "ReportImageShift": _report,
    "ReportSpecimenShift": _specimen_shift,
    "ResetImageShift": _reset,
    "StageToCameraMatrix": _matrix(_stage_to_camera),
    "CameraToSpecimenMatrix": _matrix(_camera_to_specimen),
    "SpecimenToCameraMatrix": _matrix(
        lambda program, area: inverse(_camera_to_specimen(program, area))
    ),
    "ISToSpecimenMatrix": _matrix(lambda program, area: inverse(specimen_to_shift(area))),
    "SpecimenToISMatrix": _matrix(lambda program, area: specimen_to_shift(area)),
    "StageToSpecimenMatrix": _matrix(lambda program, area: inverse(SPECIMEN_TO_STAGE)),
    "SpecimenToStageMatrix": _matrix(lambda program, area: SPECIMEN_TO_STAGE),
}
