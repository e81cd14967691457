"""What neighbouring holes say together where one alone is lost in noise."""

from __future__ import annotations

import numpy as np
from scipy import fft

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage

#: lattice steps over which the film does not bend by more than a small part of a hole
REACH_STEPS = 2.5


def lattice_mean(response: FloatImage, foil: BoolArray, basis_px: FloatArray) -> FloatImage:
    """Mean of `response` (height, width) over the lattice neighbours of each pixel on the foil.

    `basis_px` (2, 2) holds the lattice vectors as columns. The 21 to 37 neighbours within 2.5 steps
    raise a hole's signal over the noise by their square root; a single missing hole vanishes, so
    this says where the lattice is, not which of its holes are good.
    """
    steps = _steps(basis_px)
    reach = int(np.ceil(np.abs(steps).max()))
    shape = [fft.next_fast_len(side + reach, real=True) for side in response.shape]
    ky = fft.fftfreq(shape[0])[:, None]
    kx = fft.rfftfreq(shape[1])[None, :]
    comb = np.zeros((shape[0], kx.shape[1]), dtype=np.float32)
    for x, y in steps:
        comb += np.cos(2 * np.pi * (kx * x + ky * y)).astype(np.float32)
    weight = foil.astype(np.float32)
    height, width = response.shape
    total, count = (
        fft.irfft2(fft.rfft2(part, shape) * comb, shape)[:height, :width]
        for part in (response * weight, weight)
    )
    return np.asarray(np.where(count > 1.0, total / np.maximum(count, 1.0), 0.0), dtype=np.float32)


def _steps(basis_px: FloatArray) -> FloatArray:
    """(N, 2) lattice vectors no longer than the reach, both signs, zero included."""
    around = np.arange(-4, 5)
    index = np.stack(np.meshgrid(around, around), axis=-1).reshape(-1, 2)
    vectors = index @ basis_px.T
    longest = REACH_STEPS * float(np.linalg.norm(basis_px, axis=0).mean())
    return np.asarray(vectors[np.linalg.norm(vectors, axis=1) <= longest])
