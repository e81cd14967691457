"""How alike two pictures or volumes are at each spatial frequency.

Fourier shell correlation (Harauz & van Heel 1986), in pictures called ring correlation, the
differential phase residual (Frank et al. 1981) and the spectral signal-to-noise ratio (Unser et al.
1987). They judge; nothing that is shown as data is made from them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatArray
from smartscope.analysis.resolution.shells import (
    ShellCurve,
    pair_of_spectra,
    shells_of,
    spectrum,
)
from smartscope.domain.errors import InvalidInput

_TINY = 1e-300


def fsc(
    first: NDArray[np.generic], second: NDArray[np.generic], *, pixel_size_angstrom: float
) -> ShellCurve:
    """Σ F₁F₂* / √(Σ|F₁|² Σ|F₂|²) in each shell; pictures or volumes of one shape.

    A shell in which either holds nothing has correlation 0. Raises `InvalidInput` for shapes that
    differ, values that are not finite and pixel sizes that cannot be.
    """
    shells = shells_of(first.shape, pixel_size_angstrom=pixel_size_angstrom)
    one, other = pair_of_spectra(first, second)
    cross = shells.total((one * other.conj()).real)
    powers = shells.total(np.abs(one) ** 2) * shells.total(np.abs(other) ** 2)
    return shells.curve(np.where(powers > 0.0, cross / np.sqrt(np.maximum(powers, _TINY)), 0.0))


def fsc_variance(
    curve: ShellCurve, *, symmetry_order: int = 1, oversampling: float = 1.0
) -> FloatArray:
    """(1 - F²)² / n, the variance of each shell's correlation (shells,), n its voxels.

    `symmetry_order` counts copies that are no news
    and `oversampling` is how many times the box is larger than what a mask left. The often quoted
    (1 - F⁴)/n omits the covariance of numerator and denominator.
    """
    free = curve.voxels / (symmetry_order * oversampling)
    return np.asarray((1.0 - curve.values**2) ** 2 / np.maximum(free, 1.0))


def phase_residual(
    first: NDArray[np.generic], second: NDArray[np.generic], *, pixel_size_angstrom: float
) -> ShellCurve:
    """√(Σ(|F₁|+|F₂|)Δφ² / Σ(|F₁|+|F₂|)) in each shell, degrees.

    Noise alone gives 180/√3 = 104°, not 90°. Raises `InvalidInput` as `fsc` does.
    """
    shells = shells_of(first.shape, pixel_size_angstrom=pixel_size_angstrom)
    one, other = pair_of_spectra(first, second)
    weight = np.abs(one) + np.abs(other)
    apart = np.degrees(np.angle(one * other.conj()))
    total = shells.total(weight)
    square = shells.total(weight * apart**2) / np.maximum(total, _TINY)
    return shells.curve(np.where(total > 0.0, np.sqrt(square), 0.0))


def spectral_snr(
    images: Sequence[NDArray[np.generic]], *, pixel_size_angstrom: float
) -> ShellCurve:
    """Signal over noise power of the *average* of aligned images, by shell; 0 where noise wins.

    max(0, S/(N/K) - 1), S the power of the average and N the variance within the K images. Raises
    `InvalidInput` for fewer than two images and as `fsc` does.
    """
    if len(images) < 2:
        raise InvalidInput({"images": "A signal-to-noise ratio needs at least two images."})
    shells = shells_of(images[0].shape, pixel_size_angstrom=pixel_size_angstrom)
    mean = np.zeros(shells.index.shape, dtype=np.complex128)
    power = np.zeros(shells.count)
    for image in images:
        found = pair_of_spectra(image, images[0])[0] if image is not images[0] else spectrum(image)
        mean += found / len(images)
        power += shells.total(np.abs(found) ** 2)
    signal = shells.total(np.abs(mean) ** 2)
    noise = np.maximum(power - len(images) * signal, 0.0) / (len(images) - 1)
    ratio = np.where(noise > 0.0, signal / np.maximum(noise / len(images), _TINY) - 1.0, np.inf)
    return shells.curve(np.maximum(ratio, 0.0))
