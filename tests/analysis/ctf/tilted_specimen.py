"""Noise seen through a lens whose defocus grows across the field, as on a tilted stage."""

from __future__ import annotations

import math

import numpy as np
from scipy import fft

from smartscope.analysis.base import FloatImage
from tests.analysis.ctf.ringed_specimen import Lens, transfer

PIXEL_ANGSTROM = 1.4
SIDE_PX = 1536
MEAN_ANGSTROM = 14_000.0
STRIPS = 24


def tilted(tilt_deg: float, across_deg: float, *, side_px: int = SIDE_PX) -> FloatImage:
    """Strips of even defocus, each through its own lens; defocus grows along `across_deg`."""
    rng = np.random.default_rng(2)
    shape = (side_px, side_px)
    specimen = fft.rfft2(rng.normal(size=shape))
    y, x = np.mgrid[:side_px, :side_px] - (side_px - 1) / 2
    across = math.radians(across_deg)
    along = PIXEL_ANGSTROM * (x * math.cos(across) + y * math.sin(across))
    depth = math.tan(math.radians(tilt_deg)) * along
    edges = np.linspace(depth.min() - 1.0, depth.max() + 1.0, STRIPS + 1)
    strip = np.digitize(depth, edges) - 1
    image = np.zeros(shape)
    for number in range(STRIPS if tilt_deg else 1):
        middle = 0.5 * (edges[number] + edges[number + 1]) if tilt_deg else 0.0
        lens = Lens(u=MEAN_ANGSTROM + middle + 150, v=MEAN_ANGSTROM + middle - 150, axis_deg=30.0)
        seen = fft.irfft2(specimen * transfer(lens, shape, PIXEL_ANGSTROM), s=shape)
        image += np.where((strip == number) | (tilt_deg == 0.0), seen, 0.0)
    return (40.0 + image + rng.normal(size=shape)).astype(np.float32)
