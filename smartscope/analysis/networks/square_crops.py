"""Squares of an atlas as small pictures of one form, which a network can judge: turned with the
mesh, scaled by the opening, with a rim of what lies around.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from smartscope.analysis.base import BoolArray, FloatImage
from smartscope.analysis.detection.openings import Openings
from smartscope.analysis.detection.square_features import mesh_axes, whole_centre

CROP_PX = 112
#: Side of a crop in openings: the square, its bars and a rim of the neighbours.
CROP_OPENINGS = 1.4
#: Grey is 0 at the atlas's dark level and 1 at its bright one; what lies far beyond says nothing.
GREY_RANGE = (-0.25, 1.75)
#: A coarser pixel averages what it covers; half of it as the blur's sd keeps lines from flickering.
ANTIALIAS_SD = 0.35

Crops = NDArray[np.float32]


def square_crops(
    grey: FloatImage,
    mask: BoolArray,
    openings: Openings,
    *,
    size_px: int = CROP_PX,
    span_openings: float = CROP_OPENINGS,
) -> Crops:
    """Crops (N, 2, size, size) of every region, in the order of the regions.

    `grey` is scaled (0 dark, 1 bright), `mask` where it was imaged, both (height, width). Channel 0
    is grey, 0 where nothing was imaged; channel 1 is 1 where something was. Crop axes are the
    mesh's own, so a turned mesh gives the same crops; without a lattice they are the image's.
    """
    step = span_openings * openings.side_px / size_px
    sharp = np.where(mask, np.clip(grey, *GREY_RANGE), 0.0).astype(np.float32)
    smooth = sharp if step <= 1 else ndimage.gaussian_filter(sharp, ANTIALIAS_SD * step)
    imaged = mask.astype(np.float32)
    ticks = (np.arange(size_px) - (size_px - 1) / 2) * step
    v, u = np.meshgrid(ticks, ticks, indexing="ij")
    axes = mesh_axes(openings)
    offset_x = axes[0, 0] * u + axes[0, 1] * v
    offset_y = axes[1, 0] * u + axes[1, 1] * v
    crops = np.empty((len(openings.regions), 2, size_px, size_px), dtype=np.float32)
    for number, region in enumerate(openings.regions):
        x, y = whole_centre(openings, region)
        places = np.stack([y + offset_y, x + offset_x])
        for channel, picture in enumerate((smooth, imaged)):
            ndimage.map_coordinates(
                picture, places, output=crops[number, channel], order=1, cval=0.0
            )
    return crops
