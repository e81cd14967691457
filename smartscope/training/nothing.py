"""Pictures in which there is nothing to find: a detector learns from them to keep silent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def picture_of_nothing(random: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """(height, width) float32: noise, clouds, a gradient, an edge or scattered specks."""
    kinds = (_noise, _clouds, _gradient, _edge, _specks, _lines)
    picture = kinds[int(random.integers(len(kinds)))](random, shape)
    noisy = picture + random.normal(0, random.uniform(0.0, 0.2), shape)
    return np.asarray(1000 * noisy + 2000, dtype=np.float32)


def _noise(random: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    return np.asarray(random.normal(0, 0.3, shape))


def _clouds(random: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Smooth noise at one scale, from specks to a shade over everything."""
    sigma = float(np.exp(random.uniform(np.log(1.0), np.log(60.0))))
    cloud = ndimage.gaussian_filter(random.normal(0, 1, shape), sigma, mode="wrap")
    return np.asarray(cloud / max(float(cloud.std()), 1e-9) * random.uniform(0.05, 0.5))


def _gradient(random: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    angle = random.uniform(0, 2 * np.pi)
    along = columns * np.cos(angle) + rows * np.sin(angle)
    return np.asarray(along / max(shape) * random.uniform(0.1, 2.0))


def _edge(random: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """A bar's or a tear's edge: bright on one side, dark on the other, a little rough."""
    rough = ndimage.gaussian_filter(random.normal(0, 1, shape), 8) * random.uniform(0, 200)
    sharp = (_gradient(random, shape) * max(shape) + rough) > random.uniform(-0.4, 0.8) * max(shape)
    return np.asarray(ndimage.gaussian_filter(sharp.astype(np.float64), random.uniform(0.5, 4)))


def _specks(random: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Dark specks and blobs of all sizes, nowhere regular."""
    picture = np.ones(shape)
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    for _ in range(int(random.integers(3, 40))):
        y, x = random.uniform(0, shape[0]), random.uniform(0, shape[1])
        radius = float(np.exp(random.uniform(np.log(1.0), np.log(30.0))))
        picture[(columns - x) ** 2 + (rows - y) ** 2 < radius**2] -= random.uniform(0.1, 0.8)
    return np.asarray(ndimage.gaussian_filter(picture, random.uniform(0.5, 2)))


def _lines(random: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Stripes of one period: a cracked film, a badly read camera, a diffraction grating."""
    period = random.uniform(4, 40)
    phase = _gradient(random, shape)
    phase = phase / max(float(np.ptp(phase)), 1e-9) * max(shape)
    return np.asarray(0.3 * np.sin(2 * np.pi * phase / period))
