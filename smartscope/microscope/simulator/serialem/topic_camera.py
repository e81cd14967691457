"""Commands that expose, and those of the camera's sets and properties."""

from __future__ import annotations

from dataclasses import replace

from smartscope.microscope.simulator.serialem import imaging_states as sets
from smartscope.microscope.simulator.serialem.answers import NOTHING, ScriptError, Values
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.camera_sets import SUPER_RESOLUTION, camera_sets
from smartscope.microscope.simulator.serialem.imaging_states import camera_set
from smartscope.microscope.simulator.serialem.pixel_sizes import binning, unbinned_pixel_um
from smartscope.microscope.simulator.serialem.program import Handler, Program, Table
from smartscope.microscope.simulator.serialem.shots import area_of, shoot
from smartscope.microscope.values import Area

LONGEST_EXPOSURE_S = 100.0
SHORTEST_FRAME_S = 0.001
CAMERA = 1.0


def _shot(camera_set: int) -> Handler:
    """A command that exposes with one camera set."""

    def handler(program: Program, arguments: Arguments) -> Values:
        shoot(program, camera_set)
        return NOTHING

    return handler


def _to_match(program: Program, arguments: Arguments) -> Values:
    """With the settings of the image in a buffer."""
    known = program.buffers.get(arguments.text(1))
    chosen = known.camera_set if known.camera_set in program.sets else sets.RECORD
    before = program.sets[chosen]
    program.sets[chosen] = replace(before, exposure_s=known.exposure_s or before.exposure_s)
    try:
        shoot(program, chosen)
    finally:
        program.sets[chosen] = before
    return NOTHING


def _set_exposure(program: Program, arguments: Arguments) -> Values:
    number, seconds = camera_set(arguments.text(1)), arguments.number(2)
    if not 0.0 < seconds <= LONGEST_EXPOSURE_S:
        raise ScriptError(f"An exposure of {seconds:g} s is out of range")
    settling_s = arguments.number_or(3, program.sets[number].settling_s)
    program.sets[number] = replace(program.sets[number], exposure_s=seconds, settling_s=settling_s)
    return NOTHING


def _exposure(program: Program, arguments: Arguments) -> Values:
    chosen = program.sets[camera_set(arguments.text(1))]
    return chosen.exposure_s, chosen.settling_s


def _set_frame_time(program: Program, arguments: Arguments) -> Values:
    number, seconds = camera_set(arguments.text(1)), arguments.number(2)
    if not SHORTEST_FRAME_S <= seconds <= LONGEST_EXPOSURE_S:
        raise ScriptError(f"A frame time of {seconds:g} s is out of range")
    program.sets[number] = replace(program.sets[number], frame_time_s=seconds)
    return NOTHING


def _set_binning(program: Program, arguments: Arguments) -> Values:
    """Only the binning that a set has: the simulated readout is fixed for each area."""
    number, wanted = camera_set(arguments.text(1)), arguments.number(2)
    has = _binning_of(program, number)
    if wanted != has:
        raise ScriptError(
            f"Binning {wanted:g} is not available in this simulated camera's set; it has {has:g}"
        )
    return NOTHING


def _binning_of(program: Program, number: int) -> float:
    return binning(program.scope, area_of(program, number))


def _binning(program: Program, arguments: Arguments) -> Values:
    return (_binning_of(program, camera_set(arguments.text(1))),)


def _set_read_mode(program: Program, arguments: Arguments) -> Values:
    number, mode = camera_set(arguments.text(1)), arguments.whole(2)
    if not 0 <= mode <= SUPER_RESOLUTION:
        raise ScriptError(f"Read mode {mode} is not 0, 1 or 2")
    program.sets[number] = replace(program.sets[number], read_mode=mode)
    return NOTHING


def _read_mode(program: Program, arguments: Arguments) -> Values:
    return (float(program.sets[camera_set(arguments.text(1))].read_mode),)


def _fractions(program: Program, arguments: Arguments) -> Values:
    number = camera_set(arguments.text(1))
    program.sets[number] = replace(
        program.sets[number],
        fractionate=arguments.whole(2) != 0,
        save_frames=arguments.whole_or(3, 0) != 0,
        align_frames=arguments.whole_or(4, 0) != 0,
    )
    return NOTHING


def _restore_set(program: Program, arguments: Arguments) -> Values:
    fresh = camera_sets(program.scope.calibration)
    if arguments.given(1):
        number = camera_set(arguments.text(1))
        program.sets[number] = fresh[number]
    else:
        program.sets = fresh
    return NOTHING


def _properties(program: Program, arguments: Arguments) -> Values:
    """nx, ny, rotation-flip, detector pixel (µm), unbinned specimen pixel (nm), number."""
    scope, area = program.scope, program.scope.world.state.lenses.area
    widest = max((scope.area(each) for each in Area), key=lambda each: each.camera.width_px)
    return (
        float(widest.camera.width_px),
        float(widest.camera.height_px),
        float(program.orientation.operation),
        widest.camera.physical_pixel_um,
        unbinned_pixel_um(scope, area) * 1e3,
        CAMERA,
    )


def _camera_property(program: Program, arguments: Arguments) -> Values:
    scope, name = program.scope, arguments.text(2)
    widest = max((scope.area(each) for each in Area), key=lambda each: each.camera.width_px)
    known = {
        "camerasizex": float(widest.camera.width_px),
        "camerasizey": float(widest.camera.height_px),
        "pixelsizeinmicrons": widest.camera.physical_pixel_um,
        "countsperelectron": widest.camera.counts_per_electron,
    }
    if name.lower() not in known:
        raise ScriptError(f"{name} is not a recognized camera property")
    return (known[name.lower()],)


def _select(program: Program, arguments: Arguments) -> Values:
    if arguments.whole(1) != CAMERA:
        raise ScriptError(f"Camera {arguments.whole(1)} does not exist; there is camera 1")
    return NOTHING


def _current_pixel(program: Program, arguments: Arguments) -> Values:
    area = area_of(program, camera_set(arguments.text(1)))
    return (program.scope.area(area).pixel_size_um * 1e3,)


def _nothing(program: Program, arguments: Arguments) -> Values:
    return NOTHING


COMMANDS: Table = {
    **dict.fromkeys(("View", "V"), _shot(sets.VIEW)),
    "Focus": _shot(sets.FOCUS),
    **dict.fromkeys(("Trial", "T"), _shot(sets.TRIAL)),
    **dict.fromkeys(("Record", "R"), _shot(sets.RECORD)),
    **dict.fromkeys(("Preview", "L"), _shot(sets.PREVIEW)),
    "Search": _shot(sets.SEARCH),
    "AcquireToMatchBuffer": _to_match,
    "SetExposure": _set_exposure,
    "ReportExposure": _exposure,
    "SetFrameTime": _set_frame_time,
    "SetBinning": _set_binning,
    "ReportBinning": _binning,
    "SetK2ReadMode": _set_read_mode,
    "ReportReadMode": _read_mode,
    "SetDoseFracParams": _fractions,
    "RestoreCameraSet": _restore_set,
    "KeepCameraSetChanges": _nothing,
    "SetCameraArea": _nothing,
    "CameraProperties": _properties,
    "ReportCameraProperty": _camera_property,
    "SelectCamera": _select,
    "ReportCurrentPixelSize": _current_pixel,
}
