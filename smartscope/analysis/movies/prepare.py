"""The frames of a movie as they should have been counted: gain applied, bad pixels replaced."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import BoolArray, FloatImage
from smartscope.analysis.compiled import compiled
from smartscope.analysis.io.movie import Movie
from smartscope.analysis.io.read_ahead import read_ahead
from smartscope.analysis.movies.defects import Defects, find_defects, find_unsteady, replace
from smartscope.analysis.movies.gain_fit import fit_gain
from smartscope.analysis.movies.held import HeldMovie
from smartscope.domain.errors import BadFile, InvalidInput


@dataclass(frozen=True, slots=True, eq=False)
class PreparedMovie:
    """A movie with what its frames need; they are corrected again each time.

    `mean_counts` is per pixel and frame as delivered, before the gain. `gain_doubt` is a sentence
    when the gain seems to lie wrongly, else blank.
    """

    movie: Movie
    gain: FloatImage | None
    defects: Defects
    mean_counts: float
    gain_doubt: str = ""

    @property
    def frames(self) -> int:
        """How many."""
        return self.movie.frames

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of each."""
        return self.movie.height_px, self.movie.width_px

    def frame(self, index: int) -> FloatImage:
        """Frame `index` corrected, float32 (height, width). Raises `BadFile`."""
        counts = _counts(self.movie, index, self.gain)
        replace(counts, self.defects, frame_number=index)
        return counts


def prepare(
    movie: Movie, gain: NDArray[np.generic] | None, known: BoolArray | None = None
) -> PreparedMovie:
    """Read all frames once to find bad pixels and the mean count.

    `gain` (height, width) multiplies each frame and is scaled to mean 1; `known` (height, width) is
    True where a pixel is listed as bad. Raises `InvalidInput` for one that does not fit, `BadFile`
    for a broken frame.
    """
    shape = movie.height_px, movie.width_px
    factor = None if gain is None else _factor(gain, shape)
    if known is not None and known.shape != shape:
        raise InvalidInput(
            {"defects": f"The list of bad pixels is for {known.shape}, the frames are {shape}."}
        )
    total = np.zeros(shape, dtype=np.float32)
    squares = np.zeros(shape, dtype=np.float32)
    held = HeldMovie(movie)
    for frame in read_ahead(held, range(movie.frames)):
        _tally(_real(frame), total, squares)
    mean_counts = float(total.mean(dtype=np.float64)) / movie.frames
    if not np.isfinite(mean_counts):
        raise BadFile("The movie has pixels that are not finite numbers; it is quarantined.")
    unsteady = find_unsteady(total, squares, movie.frames)
    bad = unsteady if known is None else unsteady | known
    doubt = ""
    if factor is not None:
        doubt = fit_gain(total, factor).doubt
        # a pixel without a gain was never calibrated
        bad |= factor <= 0.0
        total *= factor
    return PreparedMovie(held, factor, find_defects(total, bad), mean_counts, doubt)


def group_members(frames: int, size: int) -> list[range]:
    """The frames of each group; a short remainder joins the last group."""
    count = max(1, frames // size)
    return [
        range(number * size, (number + 1) * size if number + 1 < count else frames)
        for number in range(count)
    ]


def _real(frame: NDArray[np.generic]) -> NDArray[np.generic]:
    """`frame` in a type that compiled loops know."""
    return frame.astype(np.float32) if frame.dtype == np.float16 else frame


@compiled
def _tally(frame: NDArray[np.generic], total: FloatImage, squares: FloatImage) -> None:
    """Add counts to `total` and their squares to `squares`."""
    for row in range(frame.shape[0]):
        for column in range(frame.shape[1]):
            count = np.float32(frame[row, column])
            total[row, column] += count
            squares[row, column] += count * count


def _counts(movie: Movie, index: int, gain: FloatImage | None) -> FloatImage:
    counts = movie.read(index).astype(np.float32)
    if gain is not None:
        counts *= gain
    return counts


def _factor(gain: NDArray[np.generic], shape: tuple[int, int]) -> FloatImage:
    if gain.shape != shape:
        raise InvalidInput(
            {"gain": f"The gain reference is {gain.shape}, the frames are {shape}; choose its own."}
        )
    factor = np.nan_to_num(gain.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    mean = float(factor.mean(dtype=np.float64))
    if mean <= 0.0:
        raise InvalidInput({"gain": "The gain reference has no positive mean; measure it again."})
    return factor / np.float32(mean)
