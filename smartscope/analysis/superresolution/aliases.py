"""Separates what a camera folded together, by how frames moved against its pixels.

Frame f of a scene X, moved by d_f, shows at each frequency k the sum over four aliases a of
q_f(k+a) H(k+a) exp(-2πi(k+a)·d_f) X(k+a), H the pixel's transfer and q_f what the beam has left
(Tsai & Huang 1984). From many frames with different d_f the four follow by least squares, damped
where noise exceeds the signal expected. Lengths are in pixels of the movie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.superresolution.pixel import pixel_transfer
from smartscope.analysis.superresolution.prior import SignalPower

Complex = NDArray[np.complex64]
_ALIASES: Final = ((0, 0), (-1, 0), (0, -1), (-1, -1))
_NOISE_BAND: Final = (0.35, 0.5)
_LEAST_POWER: Final = 1e-30
#: frequencies solved at once; bounds the memory of the small systems
_BATCH: Final = 40_000


@dataclass(frozen=True, slots=True, eq=False)
class FrameWeights:
    """What the beam has left in each frame, as `times` (frames, n) times `curves` at |k|.

    `curves` is (n, table), sampled at `step_q` cycles per pixel.
    """

    times: FloatArray
    curves: FloatArray
    step_q: float

    @classmethod
    def even(cls, frames: int) -> FrameWeights:
        """All frames alike."""
        return cls(np.ones((frames, 1)), np.ones((1, 2)), 2.0)

    def at(self, q: FloatArray) -> FloatArray:
        """(n, *q.shape) curves at |k| of `q` cycles per pixel."""
        grid = self.step_q * np.arange(self.curves.shape[1])
        return np.stack([np.interp(q, grid, curve) for curve in self.curves])


class AliasSystem:
    """The equations of one tile, filled frame by frame, then solved once.

    `shape` (height, width) must be even. Two sets are kept, of even and odd frames.
    """

    def __init__(
        self, shape: tuple[int, int], shifts_px: FloatArray, weights: FrameWeights
    ) -> None:
        height, width = shape
        self._shape = shape
        self._shifts = shifts_px
        self._weights = weights
        self._ky = np.fft.fftfreq(height)
        self._kx = np.fft.rfftfreq(width)
        # Aliases lie at smaller |k|: rows with negative k are joined by those of one more.
        self._halves = (slice(0, height // 2), slice(height // 2, height))
        products = weights.times.shape[1]
        self._right = np.zeros((2, products, 4, height, width // 2 + 1), dtype=np.complex64)
        self._left = np.zeros((2, 2, products, products, 4, 4), dtype=np.complex128)
        self._noise = 0.0
        self._frames = 0
        radius = np.hypot(self._ky[:, None], self._kx)
        self._noisy = (radius > _NOISE_BAND[0]) & (radius < _NOISE_BAND[1])

    def add(self, index: int, tile: FloatImage) -> None:
        """Add frame `index`, its mean removed and its edges tapered."""
        found: Complex = fft.rfft2(tile)
        self._noise += float(np.mean(np.abs(found[self._noisy]) ** 2))
        self._frames += 1
        x, y = self._shifts[index]
        found *= np.exp(2j * np.pi * self._ky * y).astype(np.complex64)[:, None]
        found *= np.exp(2j * np.pi * self._kx * x).astype(np.complex64)
        times = self._weights.times[index]
        for half, rows in enumerate(self._halves):
            turn = np.exp(2j * np.pi * (_places(half) @ np.array([x, y])))
            self._left[index % 2, half] += np.einsum(
                "r,s,a,b->rsab", times, times, turn, turn.conj()
            )
            for product, time in enumerate(times):
                for alias in range(4):
                    part = np.complex64(time * turn[alias])
                    self._right[index % 2, product, alias, rows] += part * found[rows]

    def noise_power(self) -> float:
        """Mean |N|² of a coefficient of one frame."""
        return self._noise / max(self._frames, 1)

    def solve(self, signal: SignalPower, *, area_px: float, part: int | None = None) -> Solution:
        """The finer image of a frame, of even (0), odd (1) or all frames (None).

        `area_px` is the sum of the taper's squares, to which powers are in proportion.
        """
        right = self._right.sum(axis=0) if part is None else self._right[part]
        left = self._left.sum(axis=0) if part is None else self._left[part]
        height, width = self._shape
        noise = self.noise_power()
        fine = np.zeros((2 * height, width + 1), dtype=np.complex64)
        kept = np.zeros((2 * height, width + 1), dtype=np.float32)
        precision = np.zeros((2 * height, width + 1), dtype=np.float32)
        for half, rows in enumerate(self._halves):
            q = [
                (self._ky[rows, None] + ay + 0 * self._kx, self._kx + ax + 0 * self._ky[rows, None])
                for ax, ay in _places(half)
            ]
            transfer = np.stack([pixel_transfer(y) * pixel_transfer(x) for y, x in q])
            radius = np.stack([np.hypot(y, x) for y, x in q])
            curves = np.stack([self._weights.at(r) for r in radius], axis=1)
            seen = curves * transfer
            expected = signal.at(radius)
            scale = np.sqrt(expected * (area_px / noise))
            vector = np.einsum("rayx,rayx->ayx", seen, right[:, :, rows])
            values, unknown = _solved(seen, left[half], vector, scale)
            for alias, (ax, ay) in enumerate(_places(half)):
                share = 1.0 - unknown[alias]
                sure = share / np.maximum(unknown[alias] * expected[alias], _LEAST_POWER)
                found = values[alias], share, sure
                _put((fine, kept, precision), self._shape, rows, (ax, ay), found)
        offset = np.exp(-0.5j * np.pi * np.fft.fftfreq(2 * height, 0.5))
        across = np.exp(-0.5j * np.pi * np.fft.rfftfreq(2 * width, 0.5))
        fine *= (offset[:, None] * across).astype(np.complex64)
        pixels = fft.irfft2(fine, s=(2 * height, 2 * width))
        return Solution(np.asarray(pixels, dtype=np.float32), kept, precision)


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """The finer image (2 height, 2 width) and, in the form of its `rfft2`, by which factor a
    coefficient came back (0-1), and the inverse variance of one divided by it, per pixel of the
    movie.
    """

    pixels: FloatImage
    determined: FloatImage
    precision: FloatImage


def _places(half: int) -> NDArray[np.int64]:
    """The four aliases (x, y) of rows with k ≥ 0 (half 0) or k < 0 (half 1)."""
    sign = np.array([1, 1 if half == 0 else -1])
    return np.asarray(np.array(_ALIASES) * sign)


def _solved(
    seen: FloatArray, left: NDArray[np.complex128], vector: Complex, scale: FloatArray
) -> tuple[Complex, FloatArray]:
    """(4, rows, columns): values of all aliases, and the share of each that stays unknown.

    `scale` is the root of expected signal over noise. In its units every system is well
    conditioned, however much fainter one alias is than another.
    """
    shape = vector.shape[1:]
    flat = [each.reshape(*each.shape[:-2], -1) for each in (seen * scale, vector, scale)]
    values = np.empty((4, flat[1].shape[-1]), dtype=np.complex64)
    unknown = np.empty((4, flat[1].shape[-1]))
    diagonal = np.arange(4)
    for first in range(0, values.shape[1], _BATCH):
        some = slice(first, first + _BATCH)
        matrix = np.einsum("ran,rsab,sbn->nab", flat[0][..., some], left, flat[0][..., some])
        matrix[:, diagonal, diagonal] += 1.0
        inverse = np.linalg.inv(matrix)
        scales = flat[2][:, some]
        values[:, some] = scales * np.einsum("nab,bn->an", inverse, scales * flat[1][:, some])
        unknown[:, some] = np.clip(inverse[:, diagonal, diagonal].real.T, 0.0, 1.0)
    return values.reshape(4, *shape), unknown.reshape(4, *shape)


def _put(
    fields: tuple[Complex, FloatImage, FloatImage],
    shape: tuple[int, int],
    rows: slice,
    alias: tuple[int, int],
    found: tuple[Complex, FloatArray, FloatArray],
) -> None:
    """Write one alias' coefficients to where they belong in the finer transforms."""
    height, width = shape
    down = np.rint(np.fft.fftfreq(height, 1.0 / height)).astype(np.int64)[rows] + alias[1] * height
    across = np.arange(width // 2 + 1)
    if alias[0] == 0:
        place = np.ix_(down % (2 * height), across)
    else:
        # a negative column is its mate's, conjugated
        place = np.ix_(-down % (2 * height), width - across)
    fine, kept, precision = fields
    values, kept[place], precision[place] = found
    fine[place] = values if alias[0] == 0 else values.conj()
