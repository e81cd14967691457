"""Bright openings against dark bars: two normal components fitted to the histogram of log grey."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smartscope.analysis.base import FloatArray

BINS = 256
ROUNDS = 200


@dataclass(frozen=True, slots=True)
class TwoComponents:
    """Dark and bright component of log grey, and the value where both are equally likely."""

    dark_mean: float
    dark_sd: float
    bright_mean: float
    bright_sd: float
    bright_share: float
    threshold: float

    @property
    def separation(self) -> float:
        """Ashman's D: above 2 the components are clearly apart."""
        spread = np.sqrt((self.dark_sd**2 + self.bright_sd**2) / 2)
        return float((self.bright_mean - self.dark_mean) / max(spread, 1e-12))


def split_in_two(values: FloatArray) -> TwoComponents | None:
    """Fit two normals to values (N,) by expectation maximisation on a histogram, from Otsu's start.

    `None` when all values are equal. The threshold lies between the two means.
    """
    low, high = (float(v) for v in np.percentile(values, [0.2, 99.8]))
    if not high > low:
        return None
    counts, edges = np.histogram(np.clip(values, low, high), bins=BINS, range=(low, high))
    centres = (edges[:-1] + edges[1:]) / 2
    width = float(edges[1] - edges[0])
    share = counts / counts.sum()
    bright = (centres > _otsu(centres, share)).astype(np.float64)
    parameters = _moments(centres, share, bright, width)
    for _ in range(ROUNDS):
        bright = _responsibility(centres, *parameters)
        updated = _moments(centres, share, bright, width)
        moved = max(abs(a - b) for a, b in zip(updated, parameters, strict=True))
        parameters = updated
        if moved < 1e-6 * (high - low):
            break
    dark_mean, dark_sd, bright_mean, bright_sd, bright_share = parameters
    between = np.linspace(dark_mean, bright_mean, 512)
    crossing = between[int(np.argmin(np.abs(_responsibility(between, *parameters) - 0.5)))]
    return TwoComponents(dark_mean, dark_sd, bright_mean, bright_sd, bright_share, float(crossing))


def otsu_split(values: FloatArray) -> tuple[float, float] | None:
    """Means of the dark and the bright part of values (N,), parted where their variance is
    least.
    """
    low, high = (float(v) for v in np.percentile(values, [0.2, 99.8]))
    if not high > low:
        return None
    counts, edges = np.histogram(np.clip(values, low, high), bins=BINS, range=(low, high))
    centres = (edges[:-1] + edges[1:]) / 2
    share = counts / counts.sum()
    bright = (centres > _otsu(centres, share)).astype(np.float64)
    dark_mean, _, bright_mean, _, _ = _moments(centres, share, bright, float(edges[1] - edges[0]))
    return dark_mean, bright_mean


def _otsu(centres: FloatArray, share: FloatArray) -> float:
    below = np.cumsum(share)
    mass = np.cumsum(share * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (mass[-1] * below - mass) ** 2 / (below * (1 - below))
    return float(centres[int(np.nanargmax(between[:-1]))])


def _moments(
    centres: FloatArray, share: FloatArray, bright: FloatArray, width: float
) -> tuple[float, float, float, float, float]:
    numbers = []
    for weight in (share * (1 - bright), share * bright):
        total = max(float(weight.sum()), 1e-12)
        mean = float((weight * centres).sum()) / total
        variance = float((weight * (centres - mean) ** 2).sum()) / total
        numbers += [mean, float(np.sqrt(variance + width**2))]
    return numbers[0], numbers[1], numbers[2], numbers[3], float((share * bright).sum())


def _responsibility(
    values: FloatArray,
    dark_mean: float,
    dark_sd: float,
    bright_mean: float,
    bright_sd: float,
    bright_share: float,
) -> FloatArray:
    """Probability of the bright component; beyond the bright mean it never falls again."""
    dark = (
        np.log(max(1 - bright_share, 1e-9) / dark_sd) - 0.5 * ((values - dark_mean) / dark_sd) ** 2
    )
    bright = (
        np.log(max(bright_share, 1e-9) / bright_sd)
        - 0.5 * ((values - bright_mean) / bright_sd) ** 2
    )
    probability = 1 / (1 + np.exp(np.clip(dark - bright, -60, 60)))
    probability = np.where(values >= bright_mean, np.maximum(probability, 0.5), probability)
    return np.asarray(np.where(values <= dark_mean, np.minimum(probability, 0.5), probability))
