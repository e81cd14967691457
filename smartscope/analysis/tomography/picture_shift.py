"""How far one upright picture lies from another that should look the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.analysis.base import FloatArray, FloatImage

#: cycles per pixel that are compared: coarser is ice and fall-off, finer is noise
_BAND: Final = (0.015, 0.20)
_EDGE: Final = 0.12

Spectrum = NDArray[np.complexfloating[Any, Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Tapered:
    """Makes pictures (height, width) comparable: mean 0, faded at the rim, one band, power 1."""

    taper: FloatImage
    passed: FloatImage

    @classmethod
    def of(cls, shape: tuple[int, ...]) -> Tapered:
        """For pictures of this shape."""
        lines = []
        for side in shape:
            away = (np.minimum(np.arange(side), np.arange(side)[::-1]) + 0.5) / (_EDGE * side)
            lines.append(0.5 - 0.5 * np.cos(np.pi * np.clip(away, 0.0, 1.0)))
        q = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1]))
        low = 1.0 - np.exp(-0.5 * (q / _BAND[0]) ** 2)
        passed = low * np.exp(-0.5 * (q / _BAND[1]) ** 2)
        return cls(
            np.asarray(lines[0][:, None] * lines[1], dtype=np.float32),
            np.asarray(passed, dtype=np.float32),
        )

    def of_picture(self, picture: FloatImage) -> Spectrum:
        """Its `rfft2`, so scaled that a picture correlates with itself by 1."""
        spectrum = fft.rfft2((picture - picture.mean()) * self.taper) * self.passed
        power = float((np.abs(spectrum) ** 2).sum())
        return np.asarray(spectrum / np.sqrt(max(power, 1e-30)))


def correlate(
    reference: Spectrum, picture: Spectrum, *, reach_px: float
) -> tuple[FloatArray, float]:
    """How far (x, y) `picture` lies from `reference`, at most `reach_px`, and their correlation.

    The peak is refined by a parabola each way.
    """
    height, width = picture.shape[0], 2 * (picture.shape[1] - 1)
    map_ = fft.irfft2(picture * reference.conj(), s=(height, width)) * (0.5 * height * width)
    y = np.fft.fftfreq(height, 1.0 / height)
    x = np.fft.fftfreq(width, 1.0 / width)
    near = np.hypot(y[:, None], x) <= max(reach_px, 1.0)
    row, column = np.unravel_index(int(np.where(near, map_, -np.inf).argmax()), map_.shape)
    place = np.array(
        [
            x[column] + _beyond(map_[row, np.arange(column - 1, column + 2) % width]),
            y[row] + _beyond(map_[np.arange(row - 1, row + 2) % height, column]),
        ]
    )
    return place, float(map_[row, column])


def _beyond(values: FloatArray) -> float:
    left, middle, right = (float(value) for value in values)
    curve = left - 2.0 * middle + right
    return 0.0 if curve >= 0.0 else float(np.clip(0.5 * (left - right) / curve, -0.5, 0.5))
