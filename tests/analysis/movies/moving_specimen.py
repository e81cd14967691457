"""Small movies of a known scene that moved by known amounts, counted electron by electron.

The scene is noise through a contrast transfer, so that all that is known about it is its spectrum.
The microscope's simulator, which is far richer, judges the same code in `benchmarks/motion.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.analysis.base import FloatArray, FloatImage


@dataclass(frozen=True)
class ArrayMovie:
    """Frames in memory, read as a file's would be."""

    counts: NDArray[np.generic]
    pixel_size_angstrom: float | None = None

    @property
    def frames(self) -> int:
        return len(self.counts)

    @property
    def height_px(self) -> int:
        return int(self.counts.shape[1])

    @property
    def width_px(self) -> int:
        return int(self.counts.shape[2])

    def read(self, index: int) -> NDArray[np.generic]:
        frame: NDArray[np.generic] = self.counts[index]
        return frame


@dataclass(frozen=True)
class Recorded:
    """A movie, where the specimen was in each frame ((frames, 2) x, y in Å), and the scene."""

    movie: ArrayMovie
    positions_angstrom: FloatArray
    scene: FloatImage


def burst_and_drift(frames: int) -> FloatArray:
    """A burst of about 9 Å that settles within five frames, then slow drift."""
    t = np.arange(frames)
    return np.stack([8 * (1 - np.exp(-t / 5)) + 0.15 * t, -5 * (1 - np.exp(-t / 4)) + 0.1 * t], 1)


def record(
    path_angstrom: FloatArray,
    *,
    shape: tuple[int, int] = (360, 400),
    pixel_size_angstrom: float = 1.2,
    dose_per_frame: float = 1.0,
    contrast: float = 0.1,
    gain: FloatImage | None = None,
    seed: int = 1,
) -> Recorded:
    """Count a movie of a scene with `contrast` (sd over mean) that follows `path_angstrom`."""
    rng = np.random.default_rng(seed)
    height, width = shape
    ky = np.fft.fftfreq(height, pixel_size_angstrom)[:, None]
    kx = np.fft.rfftfreq(width, pixel_size_angstrom)[None, :]
    k = np.hypot(ky, kx)
    transfer = np.abs(np.sin(np.pi * 0.0197 * 15_000 * k**2 + 0.1))
    envelope = np.exp(-20 * k**2) * (1 / (1 + (40 * k) ** 2) + 0.05)
    spectrum = fft.rfft2(rng.normal(size=shape)) * transfer * envelope
    spectrum[0, 0] = 0.0
    scene = fft.irfft2(spectrum, s=shape)
    spectrum *= contrast / scene.std()
    electrons = dose_per_frame * pixel_size_angstrom**2 * (1.0 if gain is None else 1.0 / gain)
    counts = []
    for x, y in path_angstrom:
        moved = fft.irfft2(spectrum * np.exp(-2j * np.pi * (kx * x + ky * y)), s=shape)
        counts.append(rng.poisson(np.maximum(electrons * (1.0 + moved), 0.0)))
    centred = path_angstrom - path_angstrom.mean(axis=0)
    return Recorded(
        ArrayMovie(np.array(counts).astype(np.uint8)), centred, scene.astype(np.float32)
    )


def rmse(found: FloatArray, true: FloatArray) -> float:
    """Root mean square error per axis, both with mean 0."""
    return float(np.sqrt(np.mean((found - true) ** 2)))


def correlation(first: NDArray[np.generic], second: NDArray[np.generic]) -> float:
    """Pearson's."""
    one, other = first.astype(np.float64), second.astype(np.float64)
    one -= one.mean()
    other -= other.mean()
    return float((one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum()))
