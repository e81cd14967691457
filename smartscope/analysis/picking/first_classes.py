"""Groups particle pictures by what turning and moving them leaves alone; a start, not an answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

from smartscope.analysis.base import FloatArray, FloatImage, IntArray
from smartscope.analysis.picking.soft_assignment import Band

_RADIUS = 10


def invariants(pictures: FloatImage) -> FloatArray:
    """(n, rings): logarithms of each picture's power in rings of frequency, each ring of sd 1."""
    band = Band.of(pictures.shape[-1], radius=_RADIUS, step_px=pictures.shape[-1])
    power = np.abs(band.transform(pictures)) ** 2
    rings = np.stack([band.ring_mean(each)[1:] for each in power])
    logs = np.log(np.maximum(rings, 1e-12))
    spread = np.maximum(logs.std(axis=0), 1e-12)
    return np.asarray((logs - logs.mean(axis=0)) / spread)


def first_classes(pictures: FloatImage, classes: int, *, seed: int) -> IntArray:
    """(n,) numbers below `classes` by k-means on the invariants; some may be empty."""
    found: NDArray[np.int32] = kmeans2(
        invariants(pictures), classes, minit="++", seed=np.random.default_rng(seed), missing="warn"
    )[1]
    return found.astype(np.int64)
