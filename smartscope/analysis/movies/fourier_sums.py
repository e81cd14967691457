"""Sums of frames that moved as a whole, made without leaving Fourier space until the end."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.compiled import compiled
from smartscope.analysis.movies.side_by_side import processors, side_by_side
from smartscope.analysis.movies.transforms import Spectrum, picture_of

_FEWEST_ROWS: Final = 512


class FourierSums:
    """Adds frames shifted back to where the specimen was on average.

    `curves` (frames, n) is what each frame weighs at |k| = 0 … the largest in n even steps, None
    where no weighted sum is wanted; `place` (height, width // 2 + 1) says which of the n.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        shifts_angstrom: FloatArray,
        *,
        pixel_size_angstrom: float,
        curves: NDArray[np.float32] | None,
        place: NDArray[np.int16],
        grouped: bool,
    ) -> None:
        self._shape = shape
        ky = np.fft.fftfreq(shape[0], pixel_size_angstrom)
        kx = np.fft.rfftfreq(shape[1], pixel_size_angstrom)
        turn = 2j * np.pi
        self._vertical = np.exp(turn * shifts_angstrom[:, 1, None] * ky).astype(np.complex64)
        self._horizontal = np.exp(turn * shifts_angstrom[:, 0, None] * kx).astype(np.complex64)
        self._curves, self._place = curves, place
        half = len(ky), len(kx)
        self._halves = np.zeros((2, *half), dtype=np.complex64)
        self._weighted = np.zeros(half if curves is not None else (0, 0), dtype=np.complex64)
        self._group = np.zeros(half if grouped else (0, 0), dtype=np.complex64)

    def add(self, index: int, spectrum: Spectrum) -> None:
        """Add frame `index`, which is left as it is."""
        curve = np.zeros(0, dtype=np.float32) if self._curves is None else self._curves[index]

        def add(rows: slice) -> None:
            _add(
                spectrum[rows],
                self._vertical[index][rows],
                self._horizontal[index],
                self._halves[index % 2][rows],
                self._group[rows],
                self._weighted[rows],
                self._place[rows],
                curve,
            )

        side_by_side(add, _bands(len(spectrum)))

    def take_group(self) -> FloatImage:
        """The sum since this was last asked for, float32 (height, width)."""
        picture = picture_of(self._group, self._shape)
        self._group[:] = 0.0
        return picture

    def halves(self) -> tuple[FloatImage, FloatImage]:
        """The sums of even and of odd frames, float32 (height, width)."""
        even, odd = (picture_of(half, self._shape) for half in self._halves)
        return even, odd

    def weighted(self) -> FloatImage | None:
        """The weighted sum, float32 (height, width)."""
        return None if self._curves is None else picture_of(self._weighted, self._shape)


def _bands(rows: int) -> list[slice]:
    """`rows` in as many parts as there are processors; few rows stay together."""
    each = max(_FEWEST_ROWS, -(-rows // processors()))
    return [slice(start, start + each) for start in range(0, rows, each)]


@compiled
def _add(
    spectrum: Spectrum,
    vertical: Spectrum,
    horizontal: Spectrum,
    half: Spectrum,
    group: Spectrum,
    weighted: Spectrum,
    place: NDArray[np.int16],
    curve: NDArray[np.float32],
) -> None:
    """Turn each coefficient once and add it to every sum that is wanted (not of size 0)."""
    rows, columns = spectrum.shape
    grouped, weighs = group.size > 0, curve.size > 0
    for row in range(rows):
        down = vertical[row]
        for column in range(columns):
            turned = spectrum[row, column] * (down * horizontal[column])
            half[row, column] += turned
            if grouped:
                group[row, column] += turned
            if weighs:
                weighted[row, column] += turned * curve[place[row, column]]
