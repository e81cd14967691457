"""How much of each pixel of a lacey film is void, and how the ice there relates to the sheet."""

from __future__ import annotations

import numpy as np

from smartscope.domain.geometry import Affine
from smartscope.microscope.simulator.specimen.hole_rendering import HolePixels
from smartscope.microscope.simulator.specimen.lacey import ICE_IN_VOID, VOID_FRACTION, Strands
from smartscope.microscope.simulator.specimen.upsampling import MAX_BLOCK_PX, BlockLattice

#: the field is taken at points no farther apart than this, so that straight joins err by a few nm
FINE_STEP_UM = 0.17
# Between these pixel sizes strands fade into their mean.
FADE_FROM_UM, FADE_TO_UM = 0.25, 0.5


def void_pixels(
    strands: Strands, affine: Affine, strip: tuple[int, int, int], pixel_size_um: float
) -> HolePixels:
    """Voids in a strip (first row, rows, width), described as holes are."""
    first_row, rows, width = strip
    coverage = np.full((rows, width), VOID_FRACTION, dtype=np.float32)
    fade = (pixel_size_um - FADE_FROM_UM) / (FADE_TO_UM - FADE_FROM_UM)
    if fade < 1.0:
        lattice = BlockLattice.under(first_row, rows, width, _block_px(pixel_size_um))
        columns, lines = lattice.x_px[None, :], lattice.y_px[:, None]
        fields = strands.fields(
            affine.a * columns + affine.b * lines + affine.tx,
            affine.c * columns + affine.d * lines + affine.ty,
        )
        field, half_width, slope = (lattice.up(each) for each in fields)
        depth = (half_width - np.abs(field)) / slope
        sharp = np.clip(np.float32(0.5) - depth / np.float32(pixel_size_um), 0.0, 1.0)
        coverage = sharp + np.float32(max(fade, 0.0)) * (coverage - sharp)
    return HolePixels(
        coverage,
        np.full((rows, width), ICE_IN_VOID, dtype=np.float32),
        np.zeros((rows, width), dtype=np.float32),
        0.0,
    )


def no_holes(strip: tuple[int, int, int]) -> HolePixels:
    """A film without any."""
    nothing = np.zeros(strip[1:], dtype=np.float32)
    return HolePixels(nothing, nothing, nothing, 0.0)


def _block_px(pixel_size_um: float) -> int:
    block = MAX_BLOCK_PX
    while block > 1 and block * pixel_size_um > FINE_STEP_UM:
        block //= 2
    return block
