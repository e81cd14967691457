"""The stitched overview of a montage, by where the pieces were meant to be."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from smartscope.domain.geometry import Affine
from smartscope.microscope.simulator.serialem.buffers import BufferImage
from smartscope.microscope.simulator.serialem.montage_setup import MontageSetup
from smartscope.microscope.simulator.serialem.topic_buffers import reduced

LARGEST_SIDE_PX = 4096
#: the sequence of a piece and its image
Taken = list[tuple[int, int, BufferImage]]


def overview(setup: MontageSetup, taken: Taken) -> BufferImage:
    """All pieces (column, row, image) in one image, reduced so that it is not larger than 4096.

    Where pieces overlap, the one taken first is seen; what no piece shows has the mean of all.
    """
    first = taken[0][2]
    step_x, step_y = setup.step_px
    width = step_x * (setup.columns - 1) + first.width
    height = step_y * (setup.rows - 1) + first.height
    factor = max(1, math.ceil(max(width, height) / LARGEST_SIDE_PX))
    small = [(column, row, reduced(image, factor)) for column, row, image in taken]
    shape = (height // factor + 1, width // factor + 1)
    mean = float(np.mean([image.pixels.mean() for _, _, image in small]))
    canvas = np.full(shape, mean, dtype=np.float32)
    for column, row, image in reversed(small):
        left = column * step_x // factor
        top = (setup.rows - 1 - row) * step_y // factor
        canvas[top : top + image.height, left : left + image.width] = image.pixels
    whole = canvas[: height // factor, : width // factor]
    return replace(
        small[0][2],
        pixels=np.clip(np.rint(whole), 0, 65535).astype(np.uint16),
        to_stage=_placed(setup, small[0][2].to_stage, whole.shape[1], whole.shape[0]),
        montage=True,
    )


def _placed(setup: MontageSetup, piece: Affine, width: int, height: int) -> Affine:
    """The overview's map: turned like a piece's, its middle at the montage's centre."""
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    return replace(
        piece,
        tx=setup.centre.x_um - piece.a * middle_x - piece.b * middle_y,
        ty=setup.centre.y_um - piece.c * middle_x - piece.d * middle_y,
    )
