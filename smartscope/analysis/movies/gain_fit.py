"""Tells whether a gain reference lies rightly beside the frames it multiplies, and if not, how.

What a camera counts is bright where its gain is high and the factor is low: the raw mean of a movie
and the right factor are anticorrelated pixel by pixel, in one of eight orientations only. A
reference that is to be divided by is correlated instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from smartscope.analysis.base import FloatImage
from smartscope.analysis.io.orientation import Orientation, oriented

#: sd above chance before another orientation is named
_CLEAR_Z: Final = 8.0
_BETTER: Final = 1.5


@dataclass(frozen=True, slots=True)
class GainFit:
    """How a reference fits best. `z` is in sd of chance, `z_as_given` that of the way it is used.

    A positive z speaks for the orientation; `reciprocal` says that counts should be divided.
    """

    orientation: Orientation
    reciprocal: bool
    z: float
    z_as_given: float

    @property
    def doubt(self) -> str:
        """A sentence when another way fits clearly better, else blank."""
        as_given = self.orientation is Orientation.AS_IS and not self.reciprocal
        if as_given or self.z < _CLEAR_Z or self.z < _BETTER * self.z_as_given:
            return ""
        how = [] if self.orientation is Orientation.AS_IS else [self.orientation.value]
        how += ["divided by instead of multiplied"] if self.reciprocal else []
        return (
            f"The gain reference seems to lie wrongly beside the frames: it fits {self.z:.0f} sd "
            f"better than chance when {' and '.join(how)}, {self.z_as_given:.0f} as it is used. "
            "Check its orientation."
        )


def fit_gain(total: FloatImage, gain: FloatImage) -> GainFit:
    """Try every orientation of `gain` that has the shape of `total` (height, width), raw counts."""
    counts = _detail(total)
    found: dict[Orientation, float] = {}
    for orientation in Orientation:
        turned = oriented(gain, orientation)
        if turned.shape == total.shape:
            found[orientation] = -_correlation_z(counts, _detail(turned.astype(np.float32)))
    best = max(found, key=lambda each: abs(found[each]))
    return GainFit(best, found[best] < 0.0, abs(found[best]), found[Orientation.AS_IS])


def _detail(picture: FloatImage) -> FloatImage:
    """Each pixel against its four neighbours, clipped: what a specimen hardly has."""
    inner = picture[1:-1, 1:-1]
    around = picture[:-2, 1:-1] + picture[2:, 1:-1] + picture[1:-1, :-2] + picture[1:-1, 2:]
    detail = inner - np.float32(0.25) * around
    limit = np.float32(5.0 * 1.4826 * float(np.median(np.abs(detail))) + 1e-6)
    return np.asarray(np.clip(detail, -limit, limit), dtype=np.float32)


def _correlation_z(first: FloatImage, second: FloatImage) -> float:
    cross = float(np.mean(first * second, dtype=np.float64))
    power = float(np.mean(first**2, dtype=np.float64) * np.mean(second**2, dtype=np.float64))
    # Neighbours share what is subtracted, which makes chance agree a little more than of n pixels.
    return cross / power**0.5 * first.size**0.5 / 1.2 if power > 0.0 else 0.0
