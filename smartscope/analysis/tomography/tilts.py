"""The pictures of a tilt series, checked, as density, and turned so that the axis is their y."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from smartscope.analysis.base import FloatImage, UnusableImage
from smartscope.analysis.tomography.geometry import TiltGeometry

_SMALLEST_PX: Final = 16
_SPLINE: Final = 3


def checked_tilts(pictures: NDArray[np.generic], geometry: TiltGeometry) -> FloatImage:
    """(tilts, height, width) float32: those that the geometry names, in its order.

    Raises `UnusableImage`, with a sentence that numbers the picture as people count, for empty or
    broken ones, and `InvalidInput` where the geometry names more than there are.
    """
    if pictures.ndim != 3 or min(pictures.shape[1:]) < _SMALLEST_PX:
        raise UnusableImage(
            f"A tilt series is a stack of pictures of at least {_SMALLEST_PX} pixels a side, not "
            f"{pictures.shape}."
        )
    geometry.checked_for(len(pictures))
    chosen = np.asarray(pictures[geometry.sections], dtype=np.float32)
    for number, picture in zip(geometry.sections, chosen, strict=True):
        if not np.isfinite(picture).all():
            raise UnusableImage(
                f"Picture {number + 1} holds pixels that are not finite numbers; leave it out."
            )
        if float(picture.std()) == 0.0:
            raise UnusableImage(
                f"Picture {number + 1} is empty; leave it out of the stack and of the angles."
            )
    return chosen


def as_density(tilts: FloatImage) -> FloatImage:
    """Counts to contrast, dark made bright: 1 - counts / their mean; a picture of mean 0 keeps it.

    Pictures that were normalised already, with a mean near or below 0, are only turned over.
    """
    mean = tilts.mean(axis=(1, 2), dtype=np.float64)[:, None, None].astype(np.float32)
    spread = tilts.std(axis=(1, 2))[:, None, None]
    counted = mean > 2.0 * spread
    return np.asarray((mean - tilts) / np.where(counted, mean, np.float32(1.0)), dtype=np.float32)


def upright(tilts: FloatImage, geometry: TiltGeometry) -> FloatImage:
    """(tilts, height, width) moved, turned and scaled back; what was not seen is 0.

    One cubic interpolation a picture, so density must have mean 0.
    """
    found = np.empty_like(tilts)
    for number, picture in enumerate(tilts):
        found[number] = upright_one(picture, geometry, number)
    return found


def upright_one(picture: FloatImage, geometry: TiltGeometry, number: int) -> FloatImage:
    """One picture (height, width) of the geometry's tilt `number`."""
    angle = math.radians(float(geometry.axis_deg[number]))
    scale = float(geometry.scale[number])
    # rows, columns: an upright place is looked up at c + shift + scale R(axis) (place - c)
    matrix = scale * np.array(
        [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]
    )
    middle = 0.5 * (np.array(picture.shape) - 1.0)
    offset = middle + geometry.shifts_px[number][::-1] - matrix @ middle
    moved = ndimage.affine_transform(picture, matrix, offset, order=_SPLINE, mode="constant")
    return np.asarray(moved, dtype=np.float32)
