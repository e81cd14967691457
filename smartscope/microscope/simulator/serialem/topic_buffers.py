"""Commands of image buffers: what an image is, its statistics, copies and cuts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from smartscope.domain.geometry import Affine, Point
from smartscope.microscope.simulator.serialem.answers import NOTHING, ScriptError, Values
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.buffers import BufferImage
from smartscope.microscope.simulator.serialem.program import Program, Table
from smartscope.microscope.simulator.serialem.section_notes import notes_of
from smartscope.microscope.simulator.serialem.version import V41


def corner_map(image: BufferImage) -> Affine:
    """Pixel to stage as SerialEM counts: (0, 0) is the top left corner, not the first centre."""
    origin = image.to_stage.apply(-0.5, -0.5)
    return replace(image.to_stage, tx=origin.x_um, ty=origin.y_um)


def _properties(program: Program, arguments: Arguments) -> Values:
    image = program.buffers.get(arguments.text_or(1, "A"))
    return (
        float(image.width),
        float(image.height),
        image.binning,
        image.exposure_s,
        image.pixel_nm,
        float(image.camera_set),
    )


def _conditions(program: Program, arguments: Arguments) -> Values:
    image = program.buffers.get(arguments.text(1))
    return image.dose_e_per_a2, float(image.magnification)


def _mean_counts(program: Program, arguments: Arguments) -> Values:
    pixels = program.buffers.get(arguments.text_or(1, "A")).pixels
    mean = float(pixels.mean(dtype=np.float64))
    if arguments.whole_or(2, 0) != 2:
        return (mean,)
    deviation = float(pixels.std(dtype=np.float64))
    return mean, deviation, float(pixels.min()), float(pixels.max())


def _metadata(program: Program, arguments: Arguments) -> Values:
    """Up to six values of one key of the `.mdoc`."""
    notes = notes_of(program, program.buffers.get(arguments.text(1)))
    key = arguments.text(2)
    if key not in notes:
        raise ScriptError(f"There is no metadata value for {key}")
    try:
        return tuple(float(word) for word in notes[key].split()[:6])
    except ValueError:
        return (notes[key],)


def _to_stage_matrix(program: Program, arguments: Arguments) -> Values:
    affine = corner_map(program.buffers.get(arguments.text(1)))
    return affine.a, affine.b, affine.c, affine.d, affine.tx, affine.ty


def _stage_to_image(program: Program, arguments: Arguments) -> Values:
    affine = corner_map(program.buffers.get(arguments.text(1)))
    return affine.to_pixel(Point(arguments.number(3), arguments.number(4)))


def _image_to_stage(program: Program, arguments: Arguments) -> Values:
    affine = corner_map(program.buffers.get(arguments.text(1)))
    point = affine.apply(arguments.number(3), arguments.number(4))
    return point.x_um, point.y_um


def _copy(program: Program, arguments: Arguments) -> Values:
    program.buffers.put(arguments.text(2), program.buffers.get(arguments.text(1)))
    return NOTHING


def _show(program: Program, arguments: Arguments) -> Values:
    program.buffers.get(arguments.text(1))
    program.buffers.shown = program.buffers.letter(arguments.text(1))
    return NOTHING


def _current(program: Program, arguments: Arguments) -> Values:
    shown = program.buffers.shown
    return shown, float(shown in program.buffers.images)


def _crop(program: Program, arguments: Arguments) -> Values:
    """The middle of a buffer, into A."""
    image = program.buffers.get(arguments.text(1))
    width, height = arguments.whole(2), arguments.whole(3)
    if not (0 < width <= image.width and 0 < height <= image.height):
        raise ScriptError(f"{width} x {height} cannot be cut from {image.width} x {image.height}")
    left, top = (image.width - width) // 2, (image.height - height) // 2
    program.buffers.take(image.cut(left, top, width, height))
    return NOTHING


def _reduce(program: Program, arguments: Arguments) -> Values:
    """Means of whole blocks, into A; the factor is rounded to a whole number."""
    image, factor = program.buffers.get(arguments.text(1)), round(arguments.number(2))
    if not 1 <= factor <= min(image.width, image.height):
        raise ScriptError(f"An image cannot be reduced by {arguments.number(2):g}")
    program.buffers.take(reduced(image, factor))
    return NOTHING


def reduced(image: BufferImage, factor: int) -> BufferImage:
    """The image with `factor` x `factor` pixels averaged into one (float32)."""
    width, height = image.width // factor, image.height // factor
    blocks = image.pixels[: height * factor, : width * factor].astype(np.float32)
    pixels = blocks.reshape(height, factor, width, factor).mean(axis=(1, 3))
    middle = image.to_stage.apply((factor - 1) / 2, (factor - 1) / 2)
    old = image.to_stage
    to_stage = Affine(
        old.a * factor, old.b * factor, middle.x_um, old.c * factor, old.d * factor, middle.y_um
    )
    return replace(
        image,
        pixels=pixels,
        to_stage=to_stage,
        pixel_nm=image.pixel_nm * factor,
        binning=image.binning * factor,
    )


def _file_size(program: Program, arguments: Arguments) -> Values:
    file = program.files.file()
    depth = float(len(file.sections))
    return (depth, depth) if file.montage and program.version.at_least(V41) else (depth,)


COMMANDS: Table = {
    "ImageProperties": _properties,
    "ImageConditions": _conditions,
    "ReportMeanCounts": _mean_counts,
    "ReportMetadataValues": _metadata,
    "BufImageToStageMatrix": _to_stage_matrix,
    "StagePosToBufImagePos": _stage_to_image,
    "BufImagePosToStagePos": _image_to_stage,
    "Copy": _copy,
    "Show": _show,
    "ReportCurrentBuffer": _current,
    "CropCenterToSize": _crop,
    "ReduceImage": _reduce,
    "ReportFileZsize": _file_size,
}
