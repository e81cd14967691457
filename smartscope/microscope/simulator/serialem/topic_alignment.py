"""Commands that align buffer A with another, and that tell or undo its shift."""

from __future__ import annotations

import math

from smartscope.microscope.alignment import find
from smartscope.microscope.simulator.durations import Operation
from smartscope.microscope.simulator.serialem.answers import NOTHING, ScriptError, Values
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.buffers import BufferImage
from smartscope.microscope.simulator.serialem.correlation import displacement
from smartscope.microscope.simulator.serialem.orientation import specimen_to_shift, times
from smartscope.microscope.simulator.serialem.program import Program, Table
from smartscope.microscope.simulator.serialem.topic_shift import shift_to, shift_units
from smartscope.microscope.values import AcquiredImage, Area, ImageShift, Reference

#: below the first an alignment fails, below the second it is uncertain (assumed)
FAILS_BELOW, UNCERTAIN_BELOW = 0.05, 0.15
GOOD, UNCERTAIN = 0.0, -1.0
PIXEL_TOLERANCE = 0.02


def _align(program: Program, arguments: Arguments) -> Values:
    """Shift A onto a buffer, and the scope with it unless the second argument is 1."""
    image, reference = program.buffers.get("A"), program.buffers.get(arguments.text(1))
    if abs(image.pixel_nm - reference.pixel_nm) > PIXEL_TOLERANCE * image.pixel_nm:
        raise ScriptError(
            f"The images have pixels of {image.pixel_nm:.4g} and {reference.pixel_nm:.4g} nm and "
            "cannot be aligned"
        )
    program.scope.world.spend(Operation.ALIGN)
    x_px, y_px, correlation = displacement(image.pixels, reference.pixels)
    x_px += reference.aligned_px[0]
    y_px -= reference.aligned_px[1]
    if correlation < FAILS_BELOW:
        raise ScriptError(f"Autoalign failed: the correlation is only {correlation:.3f}")
    _shift_image(program, image, -x_px, y_px)
    if arguments.whole_or(2, 0) == 0:
        shift_to(program, *_wanted_units(program))
    return (GOOD if correlation >= UNCERTAIN_BELOW else UNCERTAIN,)


def _shift_image(program: Program, image: BufferImage, x_px: float, y_px: float) -> None:
    limit_um = program.findings.align_limit_um
    program.findings.align_limit_um = None
    distance_um = math.hypot(x_px, y_px) * image.pixel_nm * 1e-3
    if limit_um is not None and distance_um > limit_um:
        raise ScriptError(f"Autoalign would shift by {distance_um:.2f} µm, over {limit_um:g}")
    program.buffers.put("A", image.aligned(x_px, y_px))


def _between_mags(program: Program, arguments: Arguments) -> Values:
    """Find in A what a buffer of another magnification shows at a place; scale and rotation."""
    known = program.buffers.get(arguments.text(1))
    image = program.buffers.get("A")
    place = known.to_stage.apply(
        known.width / 2 + arguments.number(2), known.height / 2 + arguments.number(3)
    )
    extent_um = arguments.number(4)
    if extent_um <= 0.0:
        extent_um = image.pixel_nm * 1e-3 * min(image.width, image.height)
    program.scope.world.spend(Operation.ALIGN)
    reference = Reference(image=acquired(known), target=place, extent_um=extent_um)
    found, correlation = find(reference, acquired(image))
    if correlation < FAILS_BELOW:
        raise ScriptError(f"The images do not correlate: {correlation:.3f}")
    x_px, y_px = image.to_stage.to_pixel(found)
    wanted_x, wanted_y = image.to_stage.to_pixel(place)
    _shift_image(program, image, wanted_x - x_px, y_px - wanted_y)
    return 1.0, 0.0


def acquired(image: BufferImage) -> AcquiredImage:
    """A buffer's image as correlation wants it; its area does not matter there."""
    return AcquiredImage(
        area=Area.HOLE,
        pixels=image.pixels,
        pixel_size_angstrom=image.pixel_nm * 10.0,
        pixel_to_stage=image.to_stage,
        pose=image.stage,
        image_shift=ImageShift(0.0, 0.0),
        defocus_um=0.0,
        dose_e_per_a2=image.dose_e_per_a2,
        exposure_s=image.exposure_s,
        taken_at_s=image.taken_at_s,
    )


def _shift(program: Program, arguments: Arguments) -> Values:
    """Unbinned camera pixels (Y up), nm along the camera's axes, nm on the specimen."""
    if "A" not in program.buffers.images:
        return NOTHING
    image = program.buffers.get("A")
    x_px, y_px = (shift * image.binning for shift in image.aligned_px)
    unbinned_nm = image.pixel_nm / image.binning
    camera = program.orientation.camera_to_specimen(unbinned_nm)
    return x_px, y_px, x_px * unbinned_nm, y_px * unbinned_nm, *times(camera, x_px, y_px)


def _wanted_units(program: Program) -> tuple[float, float]:
    """The image shift (own units) that would bring what A was aligned to into the middle."""
    image = program.buffers.get("A")
    dx, dy = _shift_worth(program, image)
    x, y = shift_units(program)
    return x + dx, y + dy


def _shift_worth(program: Program, image: BufferImage) -> tuple[float, float]:
    area = program.scope.world.state.lenses.area
    camera = program.orientation.camera_to_specimen(image.pixel_nm * 1e-3)
    x_px, y_px = image.aligned_px
    return times(specimen_to_shift(area) @ camera, -x_px, -y_px)


def _worth(program: Program, arguments: Arguments) -> Values:
    return _shift_worth(program, program.buffers.get("A"))


def _clear(program: Program, arguments: Arguments) -> Values:
    program.buffers.put("A", program.buffers.get("A").aligned(0.0, 0.0))
    return NOTHING


def _limit(program: Program, arguments: Arguments) -> Values:
    program.findings.align_limit_um = arguments.number(1)
    return NOTHING


COMMANDS: Table = {
    "AlignTo": _align,
    "AlignBetweenMags": _between_mags,
    "ReportAlignShift": _shift,
    "ReportISforBufferShift": _worth,
    "ClearAlignment": _clear,
    "LimitNextAutoAlign": _limit,
}
