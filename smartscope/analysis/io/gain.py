"""Reads a camera's gain reference and says by what each pixel's counts are to be multiplied."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from smartscope.analysis.base import FloatImage
from smartscope.analysis.io.image import read_image
from smartscope.analysis.io.movie import MRC_SUFFIXES
from smartscope.analysis.io.orientation import Orientation, oriented
from smartscope.analysis.io.tiff import open_tiff
from smartscope.domain.errors import BadFile, InvalidInput

#: cameras that write event lists name their reference so; it is a TIFF
GAIN_SUFFIX: Final = ".gain"
# A reference of more dead pixels than this is not one.
_MOST_DEAD: Final = 0.05


def read_gain(
    path: Path,
    *,
    shape: tuple[int, int],
    orientation: Orientation = Orientation.AS_IS,
    reciprocal: bool = False,
) -> FloatImage:
    """Each pixel's factor, float32 `shape` (height, width), mean 1 over live pixels, 0 if dead.

    Read from MRC, TIFF or `.gain`. `reciprocal` says that the file holds what counts are to be
    divided by. Raises `BadFile` for a broken file and `InvalidInput` for one that does not fit.
    """
    factor = np.array(oriented(_pixels(path), orientation), dtype=np.float32)
    if factor.shape != shape:
        raise InvalidInput(
            {
                "gain": f"{path.name} is {factor.shape[1]} x {factor.shape[0]} pixels as "
                f"{orientation.value}, the frames are {shape[1]} x {shape[0]}; choose the "
                "reference of this camera mode, or another orientation."
            }
        )
    live = factor > 0.0
    if 1.0 - live.mean() > _MOST_DEAD:
        raise InvalidInput(
            {
                "gain": f"{100 * (1 - live.mean()):.0f} % of the pixels of {path.name} are not "
                "positive; it is no gain reference. Choose another file."
            }
        )
    if reciprocal:
        np.divide(1.0, factor, out=factor, where=live)
    factor[~live] = 0.0
    factor /= np.float32(factor[live].mean(dtype=np.float64))
    return factor


def _pixels(path: Path) -> FloatImage:
    if path.suffix.lower() == GAIN_SUFFIX:
        frames = open_tiff(path)
        try:
            if frames.frames != 1:
                raise BadFile(f"{path.name} holds {frames.frames} images; a gain has one.")
            pixels = frames.read(0).astype(np.float32)
        finally:
            frames.close()
    else:
        image = read_image(path)
        if image.display_only:
            raise BadFile(f"{path.name} is a picture for the eye; give the gain as MRC or TIFF.")
        pixels = image.pixels
    if path.suffix.lower() not in MRC_SUFFIXES and not np.isfinite(pixels).all():
        raise BadFile(f"{path.name} contains pixels that are not finite numbers.")
    return pixels
