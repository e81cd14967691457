"""A multinomial logistic classifier whose coefficients are a readable TOML file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources.abc import Traversable

import numpy as np

from smartscope.analysis.base import FloatArray

LARGEST_SD = 4.0


@dataclass(frozen=True, slots=True)
class SoftmaxModel:
    """Probabilities of labels: softmax of weights · terms + bias.

    Terms are the standardised features (x - mean) / sd and all their products in pairs, because a
    class is often two things at once: bright and sharp is dry, bright and torn is cracked.
    """

    labels: tuple[str, ...]
    features: tuple[str, ...]
    mean: FloatArray
    sd: FloatArray
    weights: FloatArray
    bias: FloatArray

    def probabilities(self, vectors: FloatArray) -> FloatArray:
        """(N, L) from feature vectors (N, F); rows sum to 1."""
        logits = terms((vectors - self.mean) / self.sd) @ self.weights.T + self.bias
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def terms(standard: FloatArray) -> FloatArray:
    """Standardised features (N, F), clipped to ±4, and their products: (N, F + F(F + 1)/2)."""
    clipped = np.clip(standard, -LARGEST_SD, LARGEST_SD)
    first, second = np.triu_indices(clipped.shape[1])
    return np.hstack([clipped, clipped[:, first] * clipped[:, second]])


def read_model(file: Traversable) -> SoftmaxModel:
    """Read coefficients: `labels`, `features`, `mean`, `sd`, and a table `weights` with `bias` per
    label.
    """
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    labels = tuple(table["labels"])
    return SoftmaxModel(
        labels,
        tuple(table["features"]),
        np.array(table["mean"], dtype=np.float64),
        np.array(table["sd"], dtype=np.float64),
        np.array([table["weights"][label] for label in labels], dtype=np.float64),
        np.array([table["bias"][label] for label in labels], dtype=np.float64),
    )
