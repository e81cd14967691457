"""Frames with all that moved or bent them undone, each interpolated once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.movies.local_field import LocalMotion
from smartscope.analysis.movies.magnification import Magnification
from smartscope.analysis.movies.prepare import PreparedMovie
from smartscope.analysis.movies.resample import CELL_PX, displaced, spline_prefilter
from smartscope.analysis.movies.transforms import picture_of, transform
from smartscope.domain.errors import InvalidInput


class CorrectedFrames:
    """The frames of a movie in the specimen's own coordinates, where it was on average.

    Whole-frame shifts are undone by Fourier phase ramps; local motion and magnification, when there
    are any, by one cubic B-spline whose prefilter rides on that transform. Frames that did not move
    come back untouched. What a shift moves out on one side comes in on the other.
    """

    def __init__(
        self,
        movie: PreparedMovie,
        shifts_angstrom: FloatArray,
        *,
        pixel_size_angstrom: float,
        local: LocalMotion | None = None,
        magnification: Magnification | None = None,
    ) -> None:
        """`shifts_angstrom` is (frames, 2). Raises `InvalidInput` when it is not."""
        check_shifts(movie, shifts_angstrom)
        self._movie = movie
        self._shifts = shifts_angstrom
        self._grid = _Grid(movie, pixel_size_angstrom, local, magnification)
        height, width = movie.shape
        self._ky = np.fft.fftfreq(height, pixel_size_angstrom)
        self._kx = np.fft.rfftfreq(width, pixel_size_angstrom)

    def frame(self, index: int) -> FloatImage:
        """Frame `index`, float32 (height, width). Raises `BadFile` when it is broken."""
        frame = self._movie.frame(index)
        x, y = self._shifts[index]
        if x == 0.0 and y == 0.0 and not self._grid.bends:
            return frame
        height, width = frame.shape
        vertical = np.exp(2j * np.pi * self._ky * y)
        horizontal = np.exp(2j * np.pi * self._kx * x)
        if self._grid.bends:
            vertical = vertical * spline_prefilter(height)
            horizontal = horizontal * spline_prefilter(width, half=True)
        spectrum = transform(frame)
        spectrum *= vertical.astype(np.complex64)[:, None]
        spectrum *= horizontal.astype(np.complex64)[None, :]
        moved = picture_of(spectrum, (height, width))
        return displaced(moved, self._grid.of(index)) if self._grid.bends else moved


def check_shifts(movie: PreparedMovie, shifts_angstrom: FloatArray) -> None:
    """Raises `InvalidInput` unless there is an x, y for every frame."""
    if shifts_angstrom.shape != (movie.frames, 2):
        raise InvalidInput(
            {"shifts": f"{movie.frames} frames need as many shifts, not {shifts_angstrom.shape}."}
        )


class _Grid:
    """By how many pixels each place of a corrected frame lies elsewhere in the shifted one."""

    def __init__(
        self,
        movie: PreparedMovie,
        pixel_size_angstrom: float,
        local: LocalMotion | None,
        magnification: Magnification | None,
    ) -> None:
        self.bends = local is not None or magnification is not None
        if not self.bends:
            return
        height, width = movie.shape
        y, x = np.meshgrid(*(_nodes(side) for side in (height, width)), indexing="ij")
        self._still = np.zeros((*x.shape, 2))
        if magnification is not None:
            inverse = np.linalg.inv(magnification.matrix())
            centred = np.stack([x - 0.5 * (width - 1), y - 0.5 * (height - 1)], axis=-1)
            self._still = centred @ inverse.T - centred
        self._moving: FloatArray | None = None
        if local is not None:
            observed_x = (x + self._still[..., 0] + 0.5) * 2.0 / width - 1.0
            observed_y = (y + self._still[..., 1] + 0.5) * 2.0 / height - 1.0
            shifts = local.shifts_angstrom(observed_x, observed_y) / pixel_size_angstrom
            self._moving = shifts.reshape(movie.frames, *x.shape, 2)

    def of(self, index: int) -> NDArray[np.float32]:
        """(cells down + 1, cells across + 1, 2) for one frame."""
        total = self._still if self._moving is None else self._still + self._moving[index]
        return np.ascontiguousarray(total, dtype=np.float32)


def _nodes(side: int) -> FloatArray:
    cells = -(-side // CELL_PX)
    return CELL_PX * np.arange(cells + 1, dtype=np.float64)
