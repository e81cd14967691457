"""What a place and its surroundings look like, as numbers that do not depend on direction."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.picking.prepared import Prepared

_RINGS: Final = 12
_DIRECTIONS: Final = 16


def surroundings(
    micrograph: Prepared,
    responses: list[FloatImage],
    places_px: FloatArray,
    *,
    reach_angstrom: float,
    sign: float,
) -> FloatArray:
    """(n, 48 + responses): on 12 rings out to `reach_angstrom` the mean, the strength of one and of
    two waves round the ring and the deviation, then the responses; `sign` -1 for decoys.
    """
    radii = (np.arange(_RINGS) + 0.5) / _RINGS * reach_angstrom / micrograph.pixel_size_angstrom
    angles = np.arange(_DIRECTIONS) * 2.0 * np.pi / _DIRECTIONS
    x = places_px[:, 0, None, None] + radii[:, None] * np.cos(angles)
    y = places_px[:, 1, None, None] + radii[:, None] * np.sin(angles)
    grey = sign * ndimage.map_coordinates(micrograph.pixels, [y, x], order=1, mode="reflect")
    waves = np.fft.rfft(grey, axis=2) / _DIRECTIONS
    columns, rows = places_px.astype(np.intp).T
    parts = [
        waves[:, :, 0].real,
        np.abs(waves[:, :, 1]),
        np.abs(waves[:, :, 2]),
        grey.std(axis=2),
        np.stack([sign * response[rows, columns] for response in responses], axis=1),
    ]
    return np.concatenate(parts, axis=1).astype(np.float64)
