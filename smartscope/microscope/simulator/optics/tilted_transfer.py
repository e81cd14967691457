"""A tilted specimen is in focus along one line only: the transfer changes from row to row.

The contrast is transferred at a few heights and joined linearly between them; the heights are so
near that the rings of neighbours agree to a radian at 3 Å. Particles keep their own height and
orientation as on a level stage (assumed: both change little within one field).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.microscope.simulator.optics.ctf import Frequencies, contrast_transfer, ctf_of
from smartscope.microscope.simulator.optics.values import RecordSettings

STEP_ANGSTROM = 300.0

FloatImage = NDArray[np.float32]
Spectrum = NDArray[np.complex64]


def transferred(
    spectrum: Spectrum,
    frequencies: Frequencies,
    shape: tuple[int, int],
    settings: RecordSettings,
) -> FloatImage:
    """The contrast of (height, width) whose phase has this half-plane spectrum; changes nothing.

    Envelope and detector must be in the spectrum already.
    """
    if settings.tilt_deg == 0.0:
        whole = spectrum * contrast_transfer(ctf_of(settings), frequencies)
        return np.asarray(fft.irfft2(whole, s=shape, overwrite_x=True), dtype=np.float32)
    contrast = np.zeros(shape, dtype=np.float32)
    for gained_um, weight in _heights(shape[0], settings):
        there = replace(settings, defocus_um=settings.defocus_um + gained_um)
        part = spectrum * contrast_transfer(ctf_of(there), frequencies)
        contrast += weight[:, None] * fft.irfft2(part, s=shape, overwrite_x=True)
    return contrast


def defocus_gained_angstrom(rows: int, settings: RecordSettings) -> NDArray[np.float64]:
    """(rows,) how much more defocus each row has than the middle, Å."""
    slope = math.tan(math.radians(settings.tilt_deg))
    line = np.arange(rows, dtype=np.float64) - (rows - 1) / 2
    return line * settings.pixel_size_angstrom * slope


def _heights(rows: int, settings: RecordSettings) -> Iterator[tuple[float, FloatImage]]:
    """Defocus added (µm) and the weight of each row (rows,); the weights of a row sum to one."""
    gained = defocus_gained_angstrom(rows, settings)
    count = 1 + max(1, math.ceil(float(np.ptp(gained)) / STEP_ANGSTROM))
    knots = np.linspace(float(gained.min()), float(gained.max()), count)
    position = (gained - knots[0]) / (knots[1] - knots[0])
    for number, knot in enumerate(knots):
        weight = np.clip(1.0 - np.abs(position - number), 0.0, 1.0)
        yield float(knot) * 1e-4, weight.astype(np.float32)
