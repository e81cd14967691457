"""Micrographs whose contrast transfer is known: white specimen through a lens, with shot noise.

The lens is written out here once more, by angles and axes, so that nothing is judged by itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import fft

from smartscope.analysis.base import FloatArray, FloatImage

#: λ in Å by kV, from tables
WAVELENGTH_ANGSTROM = {300.0: 0.019687, 200.0: 0.025079, 120.0: 0.033492}


@dataclass(frozen=True, kw_only=True)
class Lens:
    """Å, degrees, mm; u lies along `axis_deg` from x towards y (down)."""

    u: float = 15_430.0
    v: float = 14_910.0
    axis_deg: float = 37.0
    phase_deg: float = 0.0
    kv: float = 300.0
    cs_mm: float = 2.7
    contrast: float = 0.07


def transfer(lens: Lens, shape: tuple[int, int], pixel_size_angstrom: float) -> FloatArray:
    """CTF on the half plane of a real transform, (height, width // 2 + 1)."""
    ky = np.fft.fftfreq(shape[0], pixel_size_angstrom)[:, None]
    kx = np.fft.rfftfreq(shape[1], pixel_size_angstrom)[None, :]
    k, angle = np.hypot(kx, ky), np.arctan2(ky, kx)
    axis = math.radians(lens.axis_deg)
    defocus = lens.u * np.cos(angle - axis) ** 2 + lens.v * np.sin(angle - axis) ** 2
    wavelength = WAVELENGTH_ANGSTROM[lens.kv]
    chi = math.pi * wavelength * defocus * k**2
    chi -= 0.5 * math.pi * lens.cs_mm * 1e7 * wavelength**3 * k**4
    chi += math.asin(lens.contrast) + math.radians(lens.phase_deg)
    result: FloatArray = -np.sin(chi)
    return result


def micrograph(
    lens: Lens,
    *,
    side_px: int = 1024,
    pixel_size_angstrom: float = 1.1,
    signal: float = 1.0,
    b_factor: float = 60.0,
    seed: int = 1,
) -> FloatImage:
    """A square image of mean 40; `signal` is the ratio of ring power to noise at low frequency."""
    rng = np.random.default_rng(seed)
    shape = (side_px, side_px)
    ky = np.fft.fftfreq(side_px, pixel_size_angstrom)[:, None]
    kx = np.fft.rfftfreq(side_px, pixel_size_angstrom)[None, :]
    envelope = np.exp(-b_factor * (kx**2 + ky**2) / 4)
    specimen = fft.rfft2(rng.normal(size=shape))
    specimen *= transfer(lens, shape, pixel_size_angstrom) * envelope * math.sqrt(signal)
    image = 40.0 + fft.irfft2(specimen, s=shape) + rng.normal(size=shape)
    return np.asarray(image, dtype=np.float32)


def vector(u: float, v: float, axis_deg: float) -> FloatArray:
    """(u - v)·(cos 2θ, sin 2θ): astigmatisms are compared as vectors."""
    twice = math.radians(2 * axis_deg)
    return (u - v) * np.array([math.cos(twice), math.sin(twice)])
