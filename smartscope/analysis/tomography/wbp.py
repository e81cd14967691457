"""Weighted back-projection: linear, so that noise of two halves stays independent and equal."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import fft

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.tomography.geometry import TiltGeometry
from smartscope.analysis.tomography.projector import back_project
from smartscope.analysis.tomography.weighting import Weighting, dose_weights, tilt_weights

#: filtered pictures have so many samples per voxel, or interpolating between them would blur
FINER: Final = 2
_PADDING: Final = 2
_TABLE: Final = 512


def weighted(
    upright_tilts: FloatImage,
    geometry: TiltGeometry,
    *,
    depth_px: int,
    weighting: Weighting = Weighting.AUTO,
    pixel_size_angstrom: float | None = None,
    voltage_kv: float = 300.0,
) -> FloatImage:
    """(tilts, 2 · width, height): pictures filtered, twice as finely sampled.

    Dose weights are taken where the geometry has doses and a pixel size is given. Samples run
    first, as rays need them.
    """
    tilts, height, width = upright_tilts.shape
    side = fft.next_fast_len(_PADDING * width, real=True)
    frequencies: FloatArray = np.asarray(np.fft.rfftfreq(side), dtype=np.float64)
    weights = tilt_weights(geometry, frequencies, depth_px=depth_px, weighting=weighting)
    rows = np.fft.fftfreq(height)
    radius = np.hypot(rows[:, None], frequencies)
    table = np.linspace(0.0, float(radius.max()), _TABLE)
    left = _dose(geometry, table, pixel_size_angstrom, voltage_kv)
    found = np.empty((tilts, FINER * width, height), dtype=np.float32)
    for number, picture in enumerate(upright_tilts):
        spectrum = fft.rfft(picture, n=side, axis=1) * weights[number].astype(np.float32)
        if left is not None:
            fading = np.interp(radius, table, left[number]).astype(np.float32)
            spectrum = fft.ifft(fft.fft(spectrum, axis=0) * fading, axis=0)
        # Sample s of the longer transform lies at s / 2 voxels.
        finer = fft.irfft(spectrum, n=FINER * side, axis=1)[:, : FINER * width]
        found[number] = FINER * finer.T
    return found


def back_projected(
    filtered: FloatImage, geometry: TiltGeometry, *, depth_px: int, width_px: int
) -> FloatImage:
    """A slab (depth, width, rows) of density per voxel from the rows of `weighted` pictures."""
    return back_project(
        np.ascontiguousarray(filtered), geometry.angles_deg, depth=depth_px, width=width_px
    )


def _dose(
    geometry: TiltGeometry, q: FloatArray, pixel_size_angstrom: float | None, voltage_kv: float
) -> FloatArray | None:
    """(tilts, |q|), or None where a dose or the pixel size is not known."""
    if pixel_size_angstrom is None or geometry.dose_before_e_per_a2 is None:
        return None
    return dose_weights(geometry, q / pixel_size_angstrom, voltage_kv=voltage_kv)
