"""Movies of a scene that is finer than their pixels, moving by known fractions of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import fft

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.movies.align import AlignedMovie, Taken
from smartscope.analysis.movies.sums import MovieSums

PIXEL_ANGSTROM = 2.0
TAKEN = Taken(pixel_size_angstrom=PIXEL_ANGSTROM)


@dataclass(frozen=True, slots=True)
class Counts:
    """Frames in memory, read as a file's would be."""

    frames_px: np.ndarray
    pixel_size_angstrom: float | None = field(default=PIXEL_ANGSTROM)

    @property
    def frames(self) -> int:
        return len(self.frames_px)

    @property
    def height_px(self) -> int:
        return int(self.frames_px.shape[1])

    @property
    def width_px(self) -> int:
        return int(self.frames_px.shape[2])

    def read(self, index: int) -> np.ndarray:
        return np.asarray(self.frames_px[index])


def scene(shape: tuple[int, int], *, seed: int = 1) -> FloatImage:
    """Detail at all frequencies, falling slowly; sd 1, on fine pixels (2 height, 2 width)."""
    fine = 2 * shape[0], 2 * shape[1]
    noise = fft.rfft2(np.random.default_rng(seed).normal(size=fine))
    q = np.hypot(np.fft.fftfreq(fine[0])[:, None], np.fft.rfftfreq(fine[1]))
    image = fft.irfft2(noise * np.exp(-6.0 * q**2), s=fine)
    return np.asarray(image / image.std(), dtype=np.float32)


def shifted(image: FloatImage, x: float, y: float) -> FloatImage:
    """`image` moved by fine pixels."""
    phase = np.exp(-2j * np.pi * np.fft.fftfreq(image.shape[0]) * y)[:, None] * np.exp(
        -2j * np.pi * np.fft.rfftfreq(image.shape[1]) * x
    )
    return np.asarray(fft.irfft2(fft.rfft2(image) * phase, s=image.shape), dtype=np.float32)


def path(frames: int, *, reach_px: float, seed: int = 2) -> FloatArray:
    """A path (frames, 2) in the movie's pixels that wanders within `reach_px`, of mean 0."""
    t = np.linspace(0.0, 1.0, frames)
    rng = np.random.default_rng(seed)
    wander = rng.uniform(-0.2, 0.2, size=(frames, 2)) * min(reach_px, 1.0)
    found = np.stack([reach_px * t, 0.7 * reach_px * t**2], axis=1) + wander
    return np.asarray(found - found.mean(axis=0))


def movie(fine: FloatImage, shifts_px: FloatArray, *, counts: float, seed: int = 3) -> Counts:
    """Poisson frames of pixels that integrate 2 x 2 fine ones; `counts` a pixel and frame."""
    rng = np.random.default_rng(seed)
    frames = []
    for x, y in 2.0 * shifts_px:
        moved = 1.0 + 0.15 * shifted(fine, x, y)
        rows, columns = fine.shape[0] // 2, fine.shape[1] // 2
        binned = moved.reshape(rows, 2, columns, 2).mean(axis=(1, 3))
        frames.append(rng.poisson(np.maximum(counts * binned, 0.0)))
    return Counts(np.array(frames, dtype=np.uint16))


def aligned(taken_movie: Counts, shifts_px: FloatArray, *, measured: bool = True) -> AlignedMovie:
    """As an aligner that measured `shifts_px` exactly would return it."""
    undone = np.stack(
        [
            shifted(frame.astype(np.float32), -x, -y)
            for frame, (x, y) in zip(taken_movie.frames_px, shifts_px, strict=True)
        ]
    )
    even: FloatImage = undone[0::2].sum(axis=0, dtype=np.float32)
    odd: FloatImage = undone[1::2].sum(axis=0, dtype=np.float32)
    return AlignedMovie(
        sums=MovieSums(even + odd, even, odd, None),
        pixel_size_angstrom=PIXEL_ANGSTROM,
        shifts_angstrom=PIXEL_ANGSTROM * shifts_px,
        local=None,
        shift_error_angstrom=0.0,
        drift_total_angstrom=1.0,
        drift_early_angstrom=None,
        aligned=measured,
        interpolated=(),
        mean_counts=float(taken_movie.frames_px.mean()),
        defects=0,
        warnings=(),
    )
