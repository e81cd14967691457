"""A quickly drawn micrograph: dark discs at known places in shot noise."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

PIXEL_ANGSTROM = 4.0
DIAMETER_ANGSTROM = 160.0
SIDE_PX = 768
_PITCH_PX = 96


@cache
def drawn(contrast: float = 0.12) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """The picture, and the centres (n, 2) as x, y."""
    rng = np.random.default_rng(8)
    line = np.arange(_PITCH_PX // 2, SIDE_PX, _PITCH_PX)
    nodes = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    centres = nodes + rng.integers(-20, 21, nodes.shape)
    dots = np.zeros((SIDE_PX, SIDE_PX))
    dots[centres[:, 1], centres[:, 0]] = 1.0
    radius = DIAMETER_ANGSTROM / 2.0 / PIXEL_ANGSTROM
    y, x = np.mgrid[-25:26, -25:26]
    disc = (np.hypot(x, y) <= radius).astype(float)
    molecules = ndimage.gaussian_filter(ndimage.convolve(dots, disc, mode="constant"), 1.0)
    counts = rng.poisson(60.0 * (1.0 - contrast * molecules))
    return counts.astype(np.float32), centres.astype(np.float64)


def empty(seed: int) -> NDArray[np.float32]:
    """Shot noise alone."""
    return np.random.default_rng(seed).poisson(60.0, (SIDE_PX, SIDE_PX)).astype(np.float32)
