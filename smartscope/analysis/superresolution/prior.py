"""How much signal to expect at frequencies the camera folded, from those it did not.

The power that even and odd frames share is taken as measured up to where aliases begin to count,
and carried on from there as c₀ exp(-c₁ k), fitted to the finer half of the band: what lies at
coarser detail, ice above all, falls much faster than what particles show. A Gaussian in k fits the
band as well and falls too fast beyond it: it then takes what was folded for detail of the band.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.optimize import curve_fit

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.resolution.shells import pair_of_spectra, shells_of
from smartscope.analysis.superresolution.pixel import pixel_transfer
from smartscope.analysis.superresolution.result import CannotSuperResolve

#: cycles per pixel of the movie: below, gradients dominate; above, aliases begin to count
_BAND: Final = (0.06, 0.42)
#: of it, what tells how signal goes on beyond
_FINE: Final = (0.18, 0.42)
_MOST_FALL: Final = 30.0
#: shells that are averaged where signal is taken as measured
_SMOOTHED: Final = 9
_CLEAR_Z: Final = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class SignalPower:
    """Expected |X|² per pixel of the movie, of one frame's finer image, at q cycles per pixel."""

    measured_q: FloatArray
    measured: FloatArray
    height: float
    fall: float

    def at(self, q: FloatArray) -> FloatArray:
        """As measured up to the finer half of the band, as fitted from there on."""
        fitted = self.height * np.exp(-self.fall * q)
        seen = np.interp(q, self.measured_q, self.measured)
        return np.asarray(np.where(q < _FINE[0], np.maximum(seen, fitted), fitted))


def signal_power(even: FloatImage, odd: FloatImage, *, frames: int) -> SignalPower:
    """From sums (height, width) of even and odd frames, of which there are `frames` together.

    Raises `CannotSuperResolve` when the two share no detail.
    """
    shells = shells_of(even.shape, pixel_size_angstrom=1.0)
    one, other = pair_of_spectra(even, odd)
    counts = np.maximum(shells.independent(), 1.0)
    halves = (frames + 1) // 2 * (frames // 2)
    q = shells.k_per_angstrom
    shared = shells.total((one * other.conj()).real) / (2.0 * counts * halves * even.size)
    spread = np.sqrt(
        shells.total(np.abs(one) ** 2) * shells.total(np.abs(other) ** 2) / (2.0 * counts)
    ) / (2.0 * counts * halves * even.size)
    transfer = pixel_transfer(q) ** 2
    used = (q > _BAND[0]) & (q < _BAND[1])
    clear = float(np.sum(shared[used] / spread[used] ** 2)) / np.sqrt(
        float(np.sum(1.0 / spread[used] ** 2))
    )
    if clear < _CLEAR_Z:
        raise CannotSuperResolve(
            "Even and odd frames share no detail: nothing tells signal from noise in this movie."
        )
    fine = (q > _FINE[0]) & (q < _FINE[1])
    start = max(float(np.median(shared[fine])), 1e-12)

    def curve(x: FloatArray, log_height: float, fall: float) -> FloatArray:
        return np.asarray(np.exp(log_height - fall * x) * pixel_transfer(x) ** 2)

    (log_height, fall), _ = curve_fit(
        curve,
        q[fine],
        shared[fine],
        p0=(np.log(start), 5.0),
        sigma=spread[fine],
        bounds=((-80.0, 0.0), (80.0, _MOST_FALL)),
    )
    low = q < _BAND[1]
    smooth = uniform_filter1d(np.maximum(shared[low], 0.0) / transfer[low], _SMOOTHED)
    return SignalPower(q[low], smooth, float(np.exp(log_height)), float(fall))
