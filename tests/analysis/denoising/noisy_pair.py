"""A drawn field of molecules, counted twice: what denoisers are tested on, with its truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from smartscope.analysis.base import FloatImage

PIXEL_ANGSTROM = 2.0
#: mean of each half, counts per pixel
MEAN_COUNTS = 60.0


@dataclass(frozen=True, slots=True)
class NoisyPair:
    """Two halves and the sum that both would show without noise."""

    even: FloatImage
    odd: FloatImage
    truth: FloatImage


def noisy_pair(
    side_px: int = 512,
    *,
    seed: int = 1,
    contrast: float = 0.08,
    even_share: float = 0.5,
    ramp: float = 0.1,
) -> NoisyPair:
    """Discs of 120 Å, dark with a bright rim, on a ramp of thickness; halves drawn apart."""
    random = np.random.default_rng(seed)
    places = np.zeros((side_px, side_px))
    count = round((side_px * PIXEL_ANGSTROM / 250.0) ** 2)
    places[tuple(random.integers(0, side_px, (2, count)))] = 1.0
    k = np.hypot(
        np.fft.fftfreq(side_px, PIXEL_ANGSTROM)[:, None], np.fft.rfftfreq(side_px, PIXEL_ANGSTROM)
    )
    disc = np.exp(-((np.pi * 50.0 * k) ** 2)) * np.cos(2e4 * 0.0197 * np.pi * k**2 + 0.4)
    drawn = fft.irfft2(fft.rfft2(places) * disc, s=places.shape)
    slope = np.linspace(-ramp, ramp, side_px)[:, None]
    field = 1.0 + slope - contrast * drawn / float(drawn.max())
    truth = 2.0 * MEAN_COUNTS * field
    even, odd = (random.poisson(share * truth) for share in (even_share, 1.0 - even_share))
    return NoisyPair(*(np.asarray(each, dtype=np.float32) for each in (even, odd, truth)))


def of_truth(picture: FloatImage, truth: FloatImage) -> tuple[float, float]:
    """How well a picture correlates with the truth, and the truth's slope over it; rims and the
    ramp left out.
    """
    inside = (slice(32, -32), slice(32, -32))

    def plain(image: FloatImage) -> FloatImage:
        cut = image[inside].astype(np.float32)
        return np.asarray(cut - cut.mean(axis=1, keepdims=True), dtype=np.float32)

    one, other = plain(picture), plain(truth)
    shared = float((one * other).sum())
    size = float((one * one).sum())
    return shared / float(np.sqrt(size * float((other * other).sum()))), shared / size
