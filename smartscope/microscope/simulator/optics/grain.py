"""Film and ice grain that belongs to the place: the same texture in every image of it.

White noise is hashed on the image's own pixel lattice laid over the stage; the sub-pixel rest is a
phase ramp. Two images share texture when they share pixel size and rotation.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.domain.geometry import Affine
from smartscope.microscope.simulator.specimen.hashing import Channel, bits, key, mix

_PHI = 0x9E3779B97F4A7C15

FloatImage = NDArray[np.float32]


def lattice_origin(affine: Affine) -> tuple[tuple[int, int], tuple[float, float]]:
    """Whole-number lattice index (x, y) of the first pixel, and the sub-pixel rest in [-0.5,
    0.5].
    """
    along_x, along_y = math.hypot(affine.a, affine.c), math.hypot(affine.b, affine.d)
    x = (affine.tx * affine.a + affine.ty * affine.c) / along_x**2
    y = (affine.tx * affine.b + affine.ty * affine.d) / along_y**2
    whole = (round(x), round(y))
    return whole, (x - whole[0], y - whole[1])


def placed_white(seed: int, channel: Channel, affine: Affine, shape: tuple[int, int]) -> FloatImage:
    """Unit-variance near-normal white noise at the lattice points under an image of (height,
    width).
    """
    (x, y), _ = lattice_origin(affine)
    size_pm = round(affine.pixel_size_um() * 1e6)
    turn = round(math.degrees(math.atan2(affine.c, affine.a)) * 1e4)
    place_key = key(seed, channel, size_pm, turn) >> 1
    rows = bits(place_key, channel, y + np.arange(shape[0]))
    columns = (x + np.arange(shape[1])).astype(np.uint64) * np.uint64(_PHI)
    parts = mix(rows[:, None] + columns[None, :]).view(np.uint16)
    # The sum of four 16-bit uniforms: normal enough, and every later filter makes it more so.
    total = parts.reshape(*shape, 4).astype(np.float32) @ np.ones(4, dtype=np.float32)
    total -= np.float32(2 * 65535)
    total *= np.float32(1.0 / (65536.0 * math.sqrt(1.0 / 3.0)))
    return total


def place_ramp(affine: Affine, shape: tuple[int, int]) -> NDArray[np.complex64]:
    """Half-plane phase ramp that moves placed noise by its sub-pixel rest, so that it stays with
    the specimen.
    """
    _, (rest_x, rest_y) = lattice_origin(affine)
    height, width = shape
    ramp_x = np.exp(2j * np.pi * rest_x * np.arange(width // 2 + 1) / width)
    ramp_y = np.exp(2j * np.pi * rest_y * fft.fftfreq(height))
    ramp: NDArray[np.complex64] = ramp_y.astype(np.complex64)[:, None] * ramp_x.astype(np.complex64)
    return ramp


def shifted_to_place(noise: FloatImage, affine: Affine) -> FloatImage:
    """Placed noise moved by its sub-pixel rest."""
    spectrum = fft.rfft2(noise)
    spectrum *= place_ramp(affine, (noise.shape[0], noise.shape[1]))
    shifted: FloatImage = fft.irfft2(spectrum, s=noise.shape, overwrite_x=True)
    return shifted
