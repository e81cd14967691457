"""Indicators of the grey levels of a micrograph: how wide, how skewed, one material or two.

The family is Vargas's (2016, as taught); the formulas are ours, free of the camera's units.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from smartscope.analysis.base import FloatArray

NAMES: Final = (
    "grey_sd",
    "grey_mad",
    "skewness",
    "kurtosis",
    "percentile_1",
    "percentile_5",
    "percentile_95",
    "percentile_99",
    "entropy",
    "ashman_d",
    "dark_fraction",
    "bright_fraction",
)
_BINS: Final = 64
_OUTLYING_MADS: Final = 4.0
_ROUNDS: Final = 12


def histogram_indicators(relative: FloatArray) -> FloatArray:
    """(12,) of an image (height, width) that was divided by its median, in the order of `NAMES`.

    Spreads are logarithms, because they differ by decades between clean ice and foil.
    """
    values = relative.ravel()
    sd = float(values.std())
    mad = 1.4826 * float(np.median(np.abs(values - 1.0))) + 1e-9
    standard = (values - values.mean()) / max(sd, 1e-9)
    quantiles = np.percentile(values, [1.0, 5.0, 95.0, 99.0]) - 1.0
    counts = np.histogram(np.clip((values - 1.0) / mad, -8.0, 8.0), bins=_BINS)[0]
    share = counts[counts > 0] / values.size
    return np.array(
        [
            np.log(sd + 1e-4),
            np.log(mad + 1e-4),
            np.clip((standard**3).mean(), -10.0, 10.0),
            np.log(max((standard**4).mean(), 1.0)),
            *quantiles,
            -(share * np.log(share)).sum(),
            _ashman_d(values),
            (values < 1.0 - _OUTLYING_MADS * mad).mean(),
            (values > 1.0 + _OUTLYING_MADS * mad).mean(),
        ],
        dtype=np.float64,
    )


def _ashman_d(values: FloatArray) -> float:
    """Distance of two normal populations in units of their spread (Ashman et al. 1994)."""
    low, high = np.percentile(values, [10.0, 90.0])
    if high - low < 1e-9:
        return 0.0
    counts, edges = np.histogram(values, bins=4 * _BINS)
    x = (edges[1:] + edges[:-1]) / 2
    means = np.array([low, high])
    spreads = np.full(2, max((high - low) / 3, 1e-6))
    weights = np.array([0.5, 0.5])
    for _ in range(_ROUNDS):
        likelihood = weights * np.exp(-0.5 * ((x[:, None] - means) / spreads) ** 2) / spreads
        belongs = likelihood / (likelihood.sum(axis=1, keepdims=True) + 1e-300)
        mass = belongs * counts[:, None]
        total = mass.sum(axis=0) + 1e-9
        means = (mass * x[:, None]).sum(axis=0) / total
        spreads = np.sqrt((mass * (x[:, None] - means) ** 2).sum(axis=0) / total) + 1e-6
        weights = total / total.sum()
    if weights.min() < 0.02:
        return 0.0
    apart = abs(float(means[1] - means[0]))
    return float(min(np.sqrt(2.0) * apart / np.hypot(*spreads), 20.0))
