"""Poisson counts as a function of a key and a pixel's number: table inversion of one hashed
uniform.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from smartscope.microscope.simulator.specimen.hashing import mix, white

_PHI = 0x9E3779B97F4A7C15
_LEVELS = 1024
_UNIFORM_BITS = 12
_DITHER_BITS = 4
_PIECE = 1 << 16
LARGEST_TABLE_MEAN = 300.0

FloatImage = NDArray[np.float32]


@lru_cache(maxsize=8)
def _table(largest_mean: float) -> NDArray[np.uint16]:
    """Counts for (level, 12-bit uniform), flat; level l stands for the mean largest·(l/1023)².

    Tails rarer than 1.2e-4 are cut. Squared spacing keeps low means fine.
    """
    means = largest_mean * (np.arange(_LEVELS) / (_LEVELS - 1)) ** 2
    most = int(largest_mean + 6.0 * np.sqrt(largest_mean) + 10)
    counts = np.arange(most + 1)
    with np.errstate(divide="ignore"):
        logs = counts * np.log(np.maximum(means, 1e-300))[:, None]
    probability = np.exp(logs - means[:, None] - gammaln(counts + 1))
    cumulative = np.minimum(np.cumsum(probability, axis=1), 1.0)
    edges = np.rint(cumulative * (1 << _UNIFORM_BITS)).astype(np.int64)
    edges[:, -1] = 1 << _UNIFORM_BITS
    repeats = np.diff(edges, axis=1, prepend=0)
    return np.repeat(np.tile(counts, _LEVELS), repeats.ravel()).astype(np.uint16)


def _uniform_bits(first: int, last: int, noise_key: int) -> NDArray[np.uint16]:
    """16 random bits for pixels [first, last), four pixels to a hash; `first` is a multiple
    of 4.
    """
    h = np.arange(first // 4, (last + 3) // 4, dtype=np.uint64)
    h *= np.uint64(_PHI)
    h += np.uint64(noise_key)
    return mix(h).view(np.uint16)[: last - first]


def _rounded_up(largest: float) -> float:
    """The table's range: the next of 24 steps per doubling, so that similar images share a
    table.
    """
    return float(2.0 ** (np.ceil(24.0 * np.log2(max(largest, 1e-3))) / 24.0))


def poisson_counts(mean: FloatImage, noise_key: int) -> NDArray[np.uint16]:
    """Counts with the given means (any shape, electrons per pixel); normal above a mean of 300."""
    largest = float(mean.max(initial=0.0))
    if largest > LARGEST_TABLE_MEAN:
        shape = (1, mean.size)
        noise = white(shape, noise_key).reshape(mean.shape)
        return np.clip(np.rint(mean + np.sqrt(mean) * noise), 0, 65535).astype(np.uint16)
    table_mean = _rounded_up(largest)
    flat = mean.ravel()
    counts = np.empty(flat.size, dtype=np.uint16)
    # Pieces that stay in the processor's cache are drawn about twice as fast.
    for first in range(0, flat.size, _PIECE):
        last = min(first + _PIECE, flat.size)
        bits = _uniform_bits(first, last, noise_key)
        counts[first:last] = _look_up(flat[first:last], bits, table_mean)
    return counts.reshape(mean.shape)


def _look_up(mean: FloatImage, bits: NDArray[np.uint16], table_mean: float) -> NDArray[np.uint16]:
    """12 bits choose the quantile; 4 dither the level, so that the table's steps do not show."""
    level = np.sqrt(np.maximum(mean, np.float32(0)) * np.float32(1.0 / table_mean))
    level *= np.float32(_LEVELS - 1)
    dither = (bits & np.uint16((1 << _DITHER_BITS) - 1)).astype(np.float32)
    dither += np.float32(0.5)
    dither *= np.float32(2.0**-_DITHER_BITS)
    level += dither
    index = np.minimum(level, np.float32(_LEVELS - 1)).astype(np.int32)
    index <<= _UNIFORM_BITS
    index += bits >> np.uint16(_DITHER_BITS)
    return _table(table_mean).take(index)
