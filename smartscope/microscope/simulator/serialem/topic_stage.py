"""Commands of the goniometer."""

from __future__ import annotations

from smartscope.domain.geometry import Point
from smartscope.microscope.simulator import positioning
from smartscope.microscope.simulator.fault_kinds import FaultKind
from smartscope.microscope.simulator.serialem.answers import NOTHING, Values
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.program import Program, Table


def move_stage(program: Program, x_um: float, y_um: float, z_um: float | None) -> None:
    """Go there; a fault may stop the stage half-way, with or without an error."""
    stage = program.scope.world.state.stage
    target = Point(x_um, y_um)
    if program.suffers(FaultKind.STAGE_SHORT):
        target = Point((stage.x_um + x_um) / 2, (stage.y_um + y_um) / 2)
    stuck = program.suffers(FaultKind.STAGE_STUCK) is not None
    positioning.move_to(program.scope, target, z_um, stuck=stuck)


def _move_to(program: Program, arguments: Arguments) -> Values:
    z_um = arguments.number(3) if arguments.given(3) else None
    move_stage(program, arguments.number(1), arguments.number(2), z_um)
    return NOTHING


def _move_by(program: Program, arguments: Arguments) -> Values:
    stage = program.scope.world.state.stage
    move_stage(
        program,
        stage.x_um + arguments.number(1),
        stage.y_um + arguments.number(2),
        stage.z_um + arguments.number_or(3, 0.0),
    )
    return NOTHING


def _position(program: Program, arguments: Arguments) -> Values:
    pose = positioning.position(program.scope)
    return pose.x_um, pose.y_um, pose.z_um


def _tilt_to(program: Program, arguments: Arguments) -> Values:
    positioning.tilt_to(program.scope, arguments.number(1))
    return NOTHING


def _tilt_by(program: Program, arguments: Arguments) -> Values:
    tilt_deg = program.scope.world.state.stage.tilt_deg
    positioning.tilt_to(program.scope, tilt_deg + arguments.number(1))
    return NOTHING


def _tilt(program: Program, arguments: Arguments) -> Values:
    return (program.scope.world.state.stage.tilt_deg,)


def _busy(program: Program, arguments: Arguments) -> Values:
    return (float(program.scope.exchanging()),)


def _set_axis_offset(program: Program, arguments: Arguments) -> Values:
    program.knobs.tilt_axis_offset_um = arguments.number(1)
    return NOTHING


def _axis_offset(program: Program, arguments: Arguments) -> Values:
    return program.knobs.tilt_axis_offset_um, 0.0, 0.0, 0.0, 0.0, 0.0


COMMANDS: Table = {
    "MoveStageTo": _move_to,
    "MoveStage": _move_by,
    "ReportStageXYZ": _position,
    "TiltTo": _tilt_to,
    "TiltBy": _tilt_by,
    "ReportTiltAngle": _tilt,
    "ReportStageBusy": _busy,
    "SetTiltAxisOffset": _set_axis_offset,
    "ReportTiltAxisOffset": _axis_offset,
}
