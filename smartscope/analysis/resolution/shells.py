"""Sums over shells of equal spatial frequency, for pictures and volumes alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.analysis.base import FloatArray
from smartscope.domain.errors import InvalidInput

Spectrum = NDArray[np.complexfloating[Any, Any]]


@dataclass(frozen=True, slots=True, eq=False)
class ShellCurve:
    """A statistic by shell: `k_per_angstrom` (shells,), `values` (shells,).

    `counts` (shells,) is how many independent coefficients each shell holds: of a real picture's
    two mates one.
    """

    k_per_angstrom: FloatArray
    values: FloatArray
    counts: FloatArray

    @property
    def voxels(self) -> FloatArray:
        """Coefficients of each shell with their mates (shells,): as many free real numbers."""
        return 2.0 * self.counts


@dataclass(frozen=True, slots=True, eq=False)
class Shells:
    """Which shell each coefficient of an `rfftn` belongs to.

    Shells are 1 / (longest side) wide, the first around k = 0, the last at the Nyquist frequency;
    what lies in the corners beyond belongs to none. `weights` counts a coefficient's mate with it.
    """

    index: NDArray[np.int32]
    weights: NDArray[np.float32]
    k_per_angstrom: FloatArray

    @property
    def count(self) -> int:
        """How many shells."""
        return len(self.k_per_angstrom)

    def total(self, values: NDArray[np.floating[Any]]) -> FloatArray:
        """The sum of `values`, real, of the transform's shape, in each shell (shells,)."""
        flat = np.bincount(
            self.index.ravel(), (values * self.weights).ravel(), minlength=self.count + 1
        )
        return np.asarray(flat[: self.count], dtype=np.float64)

    def independent(self) -> FloatArray:
        """How many independent coefficients each shell holds (shells,)."""
        return 0.5 * self.total(np.ones(self.index.shape, dtype=np.float32))

    def curve(self, values: FloatArray) -> ShellCurve:
        """`values` (shells,) as a curve."""
        return ShellCurve(self.k_per_angstrom, values, self.independent())


def shells_of(shape: tuple[int, ...], *, pixel_size_angstrom: float) -> Shells:
    """The shells of pictures (height, width) or volumes (depth, height, width) of `shape`.

    Raises `InvalidInput` for a pixel size or a shape that cannot be.
    """
    if not (np.isfinite(pixel_size_angstrom) and pixel_size_angstrom > 0.0):
        raise InvalidInput({"pixel_size_angstrom": f"{pixel_size_angstrom} Å is no pixel size."})
    if len(shape) not in (2, 3) or min(shape) < 4:
        raise InvalidInput({"shape": f"{shape} is no picture or volume of at least 4 pixels."})
    longest = max(shape)
    axes = [np.fft.fftfreq(side) for side in shape[:-1]] + [np.fft.rfftfreq(shape[-1])]
    square = sum(
        np.square(axis).reshape([-1 if n == number else 1 for n in range(len(shape))])
        for number, axis in enumerate(axes)
    )
    radius = np.sqrt(np.asarray(square)) * longest
    count = longest // 2 + 1
    index = np.minimum(np.rint(radius), count).astype(np.int32)
    weights = np.full(index.shape, 2.0, dtype=np.float32)
    weights[..., 0] = 1.0
    if shape[-1] % 2 == 0:
        weights[..., -1] = 1.0
    return Shells(index, weights, np.arange(count) / (longest * pixel_size_angstrom))


def spectrum(image: NDArray[np.generic]) -> Spectrum:
    """The `rfftn` of a real picture or volume. Raises `InvalidInput` when it is not finite."""
    pixels = np.asarray(image, dtype=np.float32)
    if not np.isfinite(pixels).all():
        raise InvalidInput({"image": "It holds values that are not finite numbers."})
    found: Spectrum = fft.rfftn(pixels)
    return found


def pair_of_spectra(
    first: NDArray[np.generic],
    second: NDArray[np.generic],
    *,
    transform: Callable[[NDArray[np.generic]], Spectrum] = spectrum,
) -> tuple[Spectrum, Spectrum]:
    """Both transforms. Raises `InvalidInput` when the shapes differ."""
    if first.shape != second.shape:
        raise InvalidInput(
            {"image": f"{first.shape} and {second.shape} cannot be compared; crop one of them."}
        )
    return transform(first), transform(second)
