"""Smooth random fields on the stage: cubic B-splines over hashed lattice normals, and octaves of
them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from smartscope.microscope.simulator.specimen.hashing import Channel, normal

# A cubic B-spline over white lattice values has this standard deviation in two dimensions.
_SPLINE_SD = 151.0 / 315.0

Floats = NDArray[np.float64]


def smooth(
    seed: int, channel: Channel, x_um: Floats, y_um: Floats, cell_um: float, octave: int = 0
) -> Floats:
    """Zero-mean, unit-variance noise with correlation length about `cell_um`, at points of any
    shape.
    """
    u, v = x_um / cell_um, y_um / cell_um
    i0, j0 = int(np.floor(u.min())) - 2, int(np.floor(v.min())) - 2
    i1, j1 = int(np.floor(u.max())) + 3, int(np.floor(v.max())) + 3
    lattice = normal(
        seed, channel, np.arange(i0, i1 + 1)[:, None], np.arange(j0, j1 + 1)[None, :], octave
    )
    values: Floats = ndimage.map_coordinates(
        lattice, [u - i0, v - j0], order=3, prefilter=False, mode="nearest"
    )
    values /= _SPLINE_SD
    return values


def fbm(
    seed: int, channel: Channel, x_um: Floats, y_um: Floats, cell_um: float, octaves: int
) -> Floats:
    """Octaves of `smooth` at cell/2^o with gain one half, renormalised to unit variance."""
    total = np.zeros_like(x_um)
    for octave in range(octaves):
        total += 0.5**octave * smooth(seed, channel, x_um, y_um, cell_um / 2**octave, octave)
    total /= np.sqrt(sum(0.25**octave for octave in range(octaves)))
    return total
