"""Random numbers as a function of place, never a stream: same value in any order, tile, thread or
level.

One channel, one purpose: a new use of randomness takes a new number at the end of `Channel`.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

_MASK = (1 << 64) - 1
_PHI = 0x9E3779B97F4A7C15
_STEP = 0x632BE59BD9B4E019
_M1 = 0xBF58476D1CE4E5B9
_M2 = 0x94D049BB133111EB


class Channel(IntEnum):
    """What a random number is for."""

    MESH_PLACEMENT = 1
    SQUARE_OPENING = 2
    MISSING_BAR = 3
    FILM_PLACEMENT = 4
    FILM_WARP_X = 5
    FILM_WARP_Y = 6
    HOLE_SIZE = 7
    HOLE_FAULT = 8
    HOLE_FAULT_AMOUNT = 9
    HOLE_EDGE = 10
    CRYSTALLINE_CLUSTER = 11
    BLOT = 12
    SQUARE_FATE = 13
    SQUARE_ICE = 14
    SQUARE_ICE_PATCH = 15
    SQUARE_EDGE = 16
    SQUARE_LENS = 17
    ICE_TEXTURE = 18
    EDGE_TEXTURE = 19
    CONTAMINATION_FACTOR = 20
    DIRT_COUNT = 21
    DIRT_PLACE = 22
    DIRT_SHAPE = 23
    DIRT_CLUSTER = 24
    CRYSTAL_GRAIN = 25
    CRACK = 26
    CRACK_EDGE = 27
    BREAK = 28
    HEIGHT = 29
    HEIGHT_ROUGHNESS = 30
    PARTICLE_COUNT = 31
    PARTICLE_PLACE = 32
    PARTICLE_POSE = 33
    FILM_GRAIN = 34
    GAIN = 36
    DEFECT = 37
    SHOT = 38
    READ_NOISE = 39
    ILLUMINATION = 40
    MOTION = 41
    RECORD_STATIC = 42
    RECORD_DYNAMIC = 43
    RECORD_CARBON = 45
    FRAME_OFFSET = 46
    PHANTOM = 47
    LACEY = 48
    LACEY_WIDTH = 49
    CRYSTAL_FRINGE = 50
    SLAB_PLACE = 60
    SLAB_POSE = 61
    TILT_SHIFT = 62
    TILT_ICE = 63
    TILT_SHOT = 64


def _mix_int(x: int) -> int:
    x = ((x ^ (x >> 30)) * _M1) & _MASK
    x = ((x ^ (x >> 27)) * _M2) & _MASK
    return x ^ (x >> 31)


def mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The splitmix64 finaliser (public domain), element by element; changes and returns `x`."""
    x ^= x >> np.uint64(30)
    x *= np.uint64(_M1)
    x ^= x >> np.uint64(27)
    x *= np.uint64(_M2)
    x ^= x >> np.uint64(31)
    return x


def key(seed: int, channel: Channel, *parts: int) -> int:
    """One 64-bit key from a seed, a channel and any whole numbers."""
    h = _mix_int((seed + _PHI * (int(channel) + 1)) & _MASK)
    for part in parts:
        h = _mix_int(h ^ ((part * _PHI + _STEP) & _MASK))
    return h


def bits(
    seed: int, channel: Channel, i: ArrayLike, j: ArrayLike = 0, k: ArrayLike = 0
) -> NDArray[np.uint64]:
    """64 random bits for whole-number arrays i, j, k (broadcast); always at least one-
    dimensional.
    """
    shape = np.broadcast_shapes(np.shape(i), np.shape(j), np.shape(k)) or (1,)
    h = np.full(shape, key(seed, channel), dtype=np.uint64)
    for v in (i, j, k):
        counter = np.atleast_1d(np.asarray(v, dtype=np.int64)).astype(np.uint64)
        counter = counter * np.uint64(_PHI) + np.uint64(_STEP)
        h ^= counter
        mix(h)
    return h


def uniform(
    seed: int, channel: Channel, i: ArrayLike, j: ArrayLike = 0, k: ArrayLike = 0
) -> NDArray[np.float64]:
    """Uniform numbers in [0, 1) for counters i, j, k (broadcast)."""
    top = bits(seed, channel, i, j, k) >> np.uint64(11)
    return top.astype(np.float64) * (1.0 / (1 << 53))


def normal(
    seed: int, channel: Channel, i: ArrayLike, j: ArrayLike = 0, k: ArrayLike = 0
) -> NDArray[np.float64]:
    """Standard normal numbers: Box-Muller on counters 2k and 2k+1."""
    twice = 2 * np.asarray(k, dtype=np.int64)
    radius = np.sqrt(-2.0 * np.log1p(-uniform(seed, channel, i, j, twice)))
    result: NDArray[np.float64] = radius * np.cos(
        2.0 * np.pi * uniform(seed, channel, i, j, twice + 1)
    )
    return result


def poisson(u: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.int64]:
    """Poisson counts by inverting the distribution at the uniforms `u`; for means below about
    50.
    """
    count = np.zeros(u.shape, dtype=np.int64)
    term = np.exp(-mean)
    cumulative = term.copy()
    step = 0
    while True:
        beyond = u > cumulative
        if not beyond.any() or step > 400:
            return count
        step += 1
        count += beyond
        term = term * mean / step
        cumulative += term


def white(shape: tuple[int, int], noise_key: int) -> NDArray[np.float32]:
    """White normal noise (variance 1) for a 64-bit key, one hash per pair of pixels; (height,
    width) float32.
    """
    size = shape[0] * shape[1]
    half = (size + 1) // 2
    h = np.arange(half, dtype=np.uint64)
    h *= np.uint64(_PHI)
    h += np.uint64(noise_key)
    mix(h)
    first = ((h >> np.uint64(40)).astype(np.float32) + np.float32(0.5)) * np.float32(2.0**-24)
    angle = ((h >> np.uint64(8)) & np.uint64(0xFFFFFF)).astype(np.float32)
    angle *= np.float32(2.0 * np.pi * 2.0**-24)
    radius = np.sqrt(np.float32(-2.0) * np.log(first))
    out = np.empty(2 * half, dtype=np.float32)
    np.multiply(radius, np.cos(angle), out=out[:half])
    np.multiply(radius, np.sin(angle), out=out[half:])
    return out[:size].reshape(shape)
