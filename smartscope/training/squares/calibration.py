"""Probabilities that mean what they say: temperature and class offsets fitted on tuning grids.

"Bias-corrected temperature scaling", Alexandari, Kundaje and Shrikumar, ICML 2020, section 3;
offsets undo that rare classes are shown more often in training than they occur.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from smartscope.analysis.base import FloatArray

BINS = 15
#: sd of the normal prior on offsets: a class with few tuning squares moves little.
OFFSET_SD = 1.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """probabilities = softmax(logits / temperature + offsets (L,))."""

    temperature: float
    offsets: FloatArray

    def probabilities(self, logits: FloatArray) -> FloatArray:
        """(N, L) from logits (N, L); rows sum to 1."""
        powers = logits / self.temperature + self.offsets
        powers = np.exp(powers - powers.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def calibrate(logits: FloatArray, labels: NDArray[np.int64]) -> Calibration:
    """The likeliest calibration (a posteriori) of logits (N, L) whose true classes are (N,)."""
    count, classes = logits.shape
    rows = np.arange(count)

    def loss(flat: FloatArray) -> float:
        said = Calibration(float(np.exp(flat[0])), flat[1:]).probabilities(logits)
        misfit = -np.log(np.maximum(said[rows, labels], 1e-12)).sum()
        return float(misfit + 0.5 * (flat[1:] ** 2).sum() / OFFSET_SD**2)

    found = minimize(loss, np.zeros(classes + 1), method="L-BFGS-B")
    return Calibration(float(np.exp(found.x[0])), found.x[1:] - found.x[1:].mean())


def calibration_error(confidence: FloatArray, right: NDArray[np.bool_]) -> float:
    """Expected calibration error: |mean confidence - share right| over 15 equal bins of
    confidence (N,), weighted by their counts (Guo et al., ICML 2017, equation 3).
    """
    if len(confidence) == 0:
        return float("nan")
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    apart = [
        abs(float(confidence[bins == b].mean()) - float(right[bins == b].mean()))
        * (bins == b).sum()
        for b in np.unique(bins)
    ]
    return float(sum(apart)) / len(confidence)
