"""Fourier transforms of frames on all processors, kept where a movie is small enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.analysis.base import FloatImage, IntArray
from smartscope.analysis.movies.prepare import PreparedMovie
from smartscope.analysis.movies.side_by_side import processors, side_by_side

#: whole spectra of a movie are kept up to this much
KEPT_BYTES: Final = 512 * 1024 * 1024
# Threads for smaller pictures cost more than they save.
_SHARED_FROM_PX: Final = 1_000_000
# So many rows stay in a processor's own memory between their transform and what is taken of it.
_STRIPE_ROWS: Final = 64

Spectrum = NDArray[np.complex64]


def transform(picture: FloatImage) -> Spectrum:
    """The half spectrum (height, width // 2 + 1) of a picture (height, width)."""
    return np.asarray(fft.rfft2(picture, workers=_workers(picture.size)), dtype=np.complex64)


def some_columns(picture: FloatImage, columns: IntArray) -> Spectrum:
    """Some columns (height, len(columns)) of the half spectrum of a picture (height, width).

    Rows are transformed first, in stripes, so that columns nobody asks for are never made.
    """
    height = len(picture)
    taken = np.empty((height, len(columns)), dtype=np.complex64)

    def rows_of(start: int) -> None:
        stripe = slice(start, start + _STRIPE_ROWS)
        np.take(fft.rfft(picture[stripe], axis=1), columns, axis=1, out=taken[stripe], mode="clip")

    side_by_side(rows_of, range(0, height, _STRIPE_ROWS))
    workers = _workers(taken.size)
    return np.asarray(fft.fft(taken, axis=0, overwrite_x=True, workers=workers), dtype=np.complex64)


def picture_of(spectrum: Spectrum, shape: tuple[int, int]) -> FloatImage:
    """The picture of `shape` (height, width) that has this half spectrum, float32."""
    picture = fft.irfft2(spectrum, s=shape, workers=_workers(shape[0] * shape[1]))
    return np.asarray(picture, dtype=np.float32)


def _workers(pixels: int) -> int:
    return processors() if pixels >= _SHARED_FROM_PX else 1


class FrameSpectra:
    """Half spectra of a movie's corrected frames, each made once where all of them may be kept."""

    def __init__(self, movie: PreparedMovie) -> None:
        self.movie = movie
        height, width = movie.shape
        each = height * (width // 2 + 1) * np.dtype(np.complex64).itemsize
        self._keeps = each * movie.frames <= KEPT_BYTES
        self._kept: dict[int, Spectrum] = {}

    def of(self, index: int) -> Spectrum:
        """Of frame `index`; not to be written to. Raises `BadFile`."""
        if index in self._kept:
            return self._kept[index]
        spectrum = transform(self.movie.frame(index))
        if self._keeps:
            self._kept[index] = spectrum
        return spectrum

    def of_sum(self, members: Sequence[int], columns: IntArray) -> Spectrum:
        """Some columns of that of the sum of some frames. Raises `BadFile`."""
        if self._keeps:
            total = self.of(members[0])
            for index in members[1:]:
                total = total + self.of(index)
            return total[:, columns]
        picture = self.movie.frame(members[0])
        for index in members[1:]:
            picture += self.movie.frame(index)
        return some_columns(picture, columns)
