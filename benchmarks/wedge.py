"""Correlation of a tomogram with its truth where the tilts could see at all."""

from __future__ import annotations

import numpy as np
from scipy import fft

from benchmarks.movie_films import Floats, Image
from smartscope.analysis.resolution.shells import ShellCurve, shells_of


def seen_fsc(
    first: Image, second: Image, *, most_deg: float, pixel_size_angstrom: float
) -> ShellCurve:
    """Shell correlation of volumes (z, y, x) over coefficients within `most_deg` of the kz = 0
    plane, the tilt axis along y.
    """
    shells = shells_of(first.shape, pixel_size_angstrom=pixel_size_angstrom)
    kz = np.fft.fftfreq(first.shape[0])[:, None, None]
    kx = np.fft.rfftfreq(first.shape[2])
    seen = np.abs(kz) <= np.tan(np.radians(most_deg)) * kx + 1e-9
    one, other = (fft.rfftn(np.asarray(each, dtype=np.float32)) * seen for each in (first, second))
    cross = shells.total((one * other.conj()).real)
    power = shells.total(np.abs(one) ** 2) * shells.total(np.abs(other) ** 2)
    return shells.curve(cross / np.sqrt(np.maximum(power, 1e-300)))


def mean_to(curve: ShellCurve, finest_angstrom: float) -> float:
    """Mean of the shells from the third to the one of `finest_angstrom`, each alike."""
    used = np.arange(len(curve.values)) >= 3
    used &= curve.k_per_angstrom <= 1.0 / finest_angstrom
    return float(curve.values[used].mean())


def soft_box(shape: tuple[int, int, int], *, margin_px: tuple[int, int, int]) -> Image:
    """1 inside, falling as a raised cosine over each side's margin to 0 at the faces."""
    lines: list[Floats] = []
    for side, margin in zip(shape, margin_px, strict=True):
        away = np.minimum(np.arange(side), np.arange(side)[::-1]) + 0.5
        lines.append(0.5 - 0.5 * np.cos(np.pi * np.clip(away / max(margin, 1), 0.0, 1.0)))
    return np.asarray(lines[0][:, None, None] * lines[1][:, None] * lines[2], dtype=np.float32)
