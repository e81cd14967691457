"""Every sum of a movie that later work asks for, in one pass over its corrected frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.movies.correct import CorrectedFrames, check_shifts
from smartscope.analysis.movies.dose import few_products, frame_weights
from smartscope.analysis.movies.fourier_sums import FourierSums
from smartscope.analysis.movies.local_field import LocalMotion
from smartscope.analysis.movies.magnification import Magnification
from smartscope.analysis.movies.prepare import PreparedMovie, group_members
from smartscope.analysis.movies.transforms import FrameSpectra, picture_of, transform

_TABLE: Final = 512

EachGroup = Callable[[FloatImage], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dosing:
    """What a dose weight needs to know; e/Å² and kV."""

    dose_per_frame_e_per_a2: float
    voltage_kv: float
    dose_before_e_per_a2: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class MovieSums:
    """Sums of the aligned frames, float32 (height, width), all with the plain sum's mean.

    `even` and `odd` are halves with independent noise: their sum is `plain`. `weighted` has the
    plain sum's noise at every frequency and keeps what each frame still shows; None without a dose.
    """

    plain: FloatImage
    even: FloatImage
    odd: FloatImage
    weighted: FloatImage | None


def movie_sums(
    frames: FrameSpectra,
    shifts_angstrom: FloatArray,
    *,
    pixel_size_angstrom: float,
    dosing: Dosing | None = None,
    local: LocalMotion | None = None,
    magnification: Magnification | None = None,
    group_size: int = 1,
    each_group: EachGroup | None = None,
) -> MovieSums:
    """Undo `shifts_angstrom` (frames, 2) and what bends the field, and sum; frames are read once.

    Weighted: Σ q F / √(Σ q² / frames), q the amplitude left in a frame. `each_group`, when given,
    is handed the sum of every `group_size` frames. Memory is about ten frames. Raises
    `InvalidInput` when shifts and frames do not match, and `BadFile` for a broken frame.
    """
    movie = frames.movie
    check_shifts(movie, shifts_angstrom)
    table = None if dosing is None else _Table(movie, pixel_size_angstrom, dosing)
    size = movie.frames if each_group is None else group_size
    members = group_members(movie.frames, size)
    if local is None and magnification is None and shifts_angstrom.any():
        return _in_fourier_space(
            frames,
            shifts_angstrom,
            table,
            pixel_size_angstrom=pixel_size_angstrom,
            members=members,
            each_group=each_group,
        )
    corrected = CorrectedFrames(
        movie,
        shifts_angstrom,
        pixel_size_angstrom=pixel_size_angstrom,
        local=local,
        magnification=magnification,
    )
    return _of_pictures(corrected, movie, table, members=members, each_group=each_group)


def _in_fourier_space(
    frames: FrameSpectra,
    shifts_angstrom: FloatArray,
    table: _Table | None,
    *,
    pixel_size_angstrom: float,
    members: Sequence[range],
    each_group: EachGroup | None,
) -> MovieSums:
    """Of frames that only shift: a sum is transformed back, not its frames."""
    sums = FourierSums(
        frames.movie.shape,
        shifts_angstrom,
        pixel_size_angstrom=pixel_size_angstrom,
        curves=None if table is None else table.weights.astype(np.float32),
        place=np.zeros((0, 0), dtype=np.int16) if table is None else table.place,
        grouped=each_group is not None,
    )
    for group in members:
        for index in group:
            sums.add(index, frames.of(index))
        if each_group is not None:
            each_group(sums.take_group())
    even, odd = sums.halves()
    return MovieSums(even + odd, even, odd, sums.weighted())


def _of_pictures(
    corrected: CorrectedFrames,
    movie: PreparedMovie,
    table: _Table | None,
    *,
    members: Sequence[range],
    each_group: EachGroup | None,
) -> MovieSums:
    """Of frames that bend, or that are taken as they are."""
    halves = np.zeros((2, *movie.shape), dtype=np.float32)
    weigher = None if table is None else _Weigher(movie, table)
    for numbers in members:
        group = np.zeros(movie.shape if each_group is not None else (0, 0), dtype=np.float32)
        for index in numbers:
            frame = corrected.frame(index)
            halves[index % 2] += frame
            if each_group is not None:
                group += frame
            if weigher is not None:
                weigher.add(index, frame)
        if each_group is not None:
            each_group(group)
    weighted = None if weigher is None else weigher.total()
    return MovieSums(halves[0] + halves[1], halves[0], halves[1], weighted)


class _Table:
    """What each frame weighs at each |k|: `weights` (frames, steps), `place` of each coefficient
    (height, width // 2 + 1) among the steps.
    """

    def __init__(self, movie: PreparedMovie, pixel_size_angstrom: float, dosing: Dosing) -> None:
        radius = np.hypot(
            np.fft.fftfreq(movie.shape[0], pixel_size_angstrom).astype(np.float32)[:, None],
            np.fft.rfftfreq(movie.shape[1], pixel_size_angstrom).astype(np.float32)[None, :],
        )
        step = float(radius.max()) / (_TABLE - 1)
        self.place = np.rint(radius / np.float32(step)).astype(np.int16)
        weights = frame_weights(
            step * np.arange(_TABLE, dtype=np.float64),
            frames=movie.frames,
            dose_per_frame_e_per_a2=dosing.dose_per_frame_e_per_a2,
            voltage_kv=dosing.voltage_kv,
            dose_before_e_per_a2=dosing.dose_before_e_per_a2,
        )
        size = np.sqrt(np.mean(np.square(weights), axis=0))
        # Where the beam has left next to nothing, nothing is amplified.
        share = np.where(size > 1e-6, 1.0 / np.maximum(size, 1e-6), 0.0)
        self.weights: FloatArray = weights * share


class _Weigher:
    """Weighs frames by what the beam has left of them, without transforming each.

    The weights are very nearly the product of a few curves in time with as many in |k| (their
    singular vectors): so a few sums of frames are kept, and only those are transformed at the end.
    """

    def __init__(self, movie: PreparedMovie, table: _Table) -> None:
        self._shape = movie.shape
        self._place = table.place
        self._times, curves = few_products(table.weights)
        self._curves = curves.astype(np.float32)
        self._sums = np.zeros((len(curves), *movie.shape), dtype=np.float32)

    def add(self, index: int, frame: FloatImage) -> None:
        """Add corrected frame `index`."""
        for total, time in zip(self._sums, self._times[index], strict=True):
            total += np.float32(time) * frame

    def total(self) -> FloatImage:
        """The weighted sum with the plain sum's noise, float32 (height, width)."""
        spectrum: NDArray[np.complex64] = np.zeros(self._place.shape, dtype=np.complex64)
        for part, curve in zip(self._sums, self._curves, strict=True):
            spectrum += transform(part) * curve[self._place]
        return picture_of(spectrum, self._shape)
