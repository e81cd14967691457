"""Taking images: which area a camera set exposes, with what dose, and what buffer A then knows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from smartscope.domain.geometry import Affine
from smartscope.microscope.errors import CameraFailed, CommandTimeout
from smartscope.microscope.simulator import imaging, positioning, recording
from smartscope.microscope.simulator.column import require_beam
from smartscope.microscope.simulator.durations import Operation
from smartscope.microscope.simulator.fault_kinds import FaultKind, Phase
from smartscope.microscope.simulator.imaging import IMAGE_EXPOSURE_S
from smartscope.microscope.simulator.serialem.answers import ScriptError
from smartscope.microscope.simulator.serialem.buffers import BufferImage, Pixels
from smartscope.microscope.simulator.serialem.imaging_states import BY_AREA, RECORD, SET_AREAS
from smartscope.microscope.simulator.serialem.movies import movie_folder, save_movie
from smartscope.microscope.simulator.serialem.pixel_sizes import binning
from smartscope.microscope.simulator.serialem.program import Program
from smartscope.microscope.simulator.serialem.topic_optics import defocus_reading
from smartscope.microscope.simulator.serialem.topic_shift import shift_units
from smartscope.microscope.values import Area, ImageShift, RecordItem

CAMERA_DEADLINE_S = 90.0
COUNTS_PER_ELECTRON = 16.0


def area_of(program: Program, camera_set: int) -> Area:
    """Where a set takes its image: in low dose its own area, else what the lenses show."""
    if program.low_dose.on:
        return SET_AREAS[camera_set]
    return program.scope.world.state.lenses.area


def dose_rate(program: Program, area: Area) -> float:
    """e/Å² per second on the specimen, as the beam is set in an area."""
    calibration = program.scope.calibration
    seconds = calibration.record_exposure_s if area is Area.RECORD else IMAGE_EXPOSURE_S
    return calibration.areas[area].dose_e_per_a2 / seconds


def shoot(program: Program, camera_set: int, *, routine: str = "") -> None:
    """Expose with a camera set; the image comes into A, a movie onto the disk."""
    require_beam(program.scope)
    camera_fault(program, Phase.BEFORE)
    area = area_of(program, camera_set)
    if area is Area.RECORD and camera_set == RECORD:
        shoot_movie(program)
    else:
        shoot_image(program, area, camera_set, routine=routine)
    camera_fault(program, Phase.AFTER)


def camera_fault(program: Program, phase: Phase) -> None:
    """What a camera that fails says: before it exposed, or after."""
    slow = program.suffers(FaultKind.SLOW_CAMERA)
    if slow is not None and slow.phase is phase:
        program.scope.world.pass_time(slow.number("for_s", 30.0))
    timeout, error = (
        program.suffers(kind) for kind in (FaultKind.CAMERA_TIMEOUT, FaultKind.CAMERA_ERROR)
    )
    if timeout is not None and timeout.phase is phase:
        program.scope.world.pass_time(CAMERA_DEADLINE_S)
        raise CommandTimeout(f"No image after {CAMERA_DEADLINE_S:.0f} s.")
    if error is not None and error.phase is phase:
        raise CameraFailed("The camera reported an error while acquiring an image.")


def shoot_image(
    program: Program,
    area: Area,
    camera_set: int,
    *,
    routine: str = "",
    during: tuple[Operation, ...] | None = None,
) -> BufferImage:
    """One image into A."""
    seconds = program.sets[camera_set].exposure_s
    dose = dose_rate(program, area) * seconds
    image = imaging.take_image(
        program.scope, area, dose, program.witness, during=during, routine=routine
    )
    program.scope.world.pass_time(seconds - IMAGE_EXPOSURE_S)
    taken = described(program, image.pixels, image.pixel_to_stage, area=area, dose=dose)
    taken = replace(taken, camera_set=camera_set, exposure_s=seconds, taken_at_s=image.taken_at_s)
    program.buffers.take(taken)
    return taken


def shoot_movie(program: Program) -> None:
    """One movie at the record area, saved when frames are to be; its sum comes into A."""
    scope, frame_set = program.scope, program.sets[RECORD]
    saves = frame_set.fractionate and frame_set.save_frames
    if saves:
        movie_folder(program)
    positioning.go_to(scope, Area.RECORD)
    lenses = scope.world.state.lenses
    dose = dose_rate(program, Area.RECORD) * frame_set.exposure_s
    frame_time_s = frame_set.frame_time_s or program.frame_time_s
    frames = max(1, round(frame_set.exposure_s / frame_time_s))
    if frames > recording.MAX_FRAMES:
        raise ScriptError(f"A movie of {frames} frames is too long; use {recording.MAX_FRAMES}")
    item = RecordItem(
        name=program.frames.base,
        image_shift=ImageShift(lenses.shift_x_um, lenses.shift_y_um),
        defocus_um=lenses.defocus_um,
        dose_e_per_a2=dose,
        frames=frames,
    )
    filmed = recording.film(scope, item, program.witness, exposure_s=frame_set.exposure_s)
    scope.world.pass_time(frame_set.exposure_s)
    if saves:
        save_movie(program, filmed, item)
    scope.world.spend(Operation.READOUT)
    early = program.frames.early_return
    program.frames.early_return = None
    if early == 0:
        return
    total = recording.summed(filmed.movie)[0] * COUNTS_PER_ELECTRON
    counts = np.clip(np.rint(total), 0, 65535).astype(np.uint16)
    taken = described(program, counts, filmed.nominal, area=Area.RECORD, dose=dose)
    program.buffers.take(
        replace(
            taken,
            camera_set=RECORD,
            exposure_s=frame_set.exposure_s,
            taken_at_s=filmed.exposure.start_s,
        )
    )


def described(
    program: Program, pixels: Pixels, rendered: Affine, *, area: Area, dose: float
) -> BufferImage:
    """An image as the camera delivers it, with what SerialEM notes about it."""
    scope, shape = program.scope, (int(pixels.shape[0]), int(pixels.shape[1]))
    return BufferImage(
        pixels=program.orientation.turned(pixels),
        to_stage=program.orientation.affine(rendered, shape),
        pixel_nm=scope.area(area).pixel_size_um * 1e3,
        stage=positioning.position(scope),
        magnification=BY_AREA[area].nominal,
        mag_index=BY_AREA[area].index,
        binning=binning(scope, area),
        dose_e_per_a2=dose,
        image_shift=shift_units(program),
        defocus_um=defocus_reading(program),
    )
