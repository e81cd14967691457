"""Halves the pixel of a movie by least squares: motion turns aliases against one another.

Nothing is learnt and nothing is added: what motion does not separate from noise stays out.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import BoolArray, FloatArray
from smartscope.analysis.io.movie import Movie
from smartscope.analysis.manifest import Manifest, read_manifest
from smartscope.analysis.movies.align import AlignedMovie, Taken
from smartscope.analysis.movies.dose import few_products, frame_weights
from smartscope.analysis.movies.prepare import PreparedMovie, prepare
from smartscope.analysis.resolution.shells import Shells, shells_of
from smartscope.analysis.superresolution.aliases import AliasSystem, FrameWeights, Solution
from smartscope.analysis.superresolution.halves import beyond_nyquist
from smartscope.analysis.superresolution.prior import SignalPower, signal_power
from smartscope.analysis.superresolution.result import SuperResolved
from smartscope.analysis.superresolution.suitable import check_suitable
from smartscope.analysis.superresolution.tiles import Mosaic, Span, cut, spans, taper

_WEIGHT_TABLE: Final = 256
_EXPECTED_LIKENESS: Final = 0.5
#: of the equations kept at once
_MEMORY_BYTES: Final = 600_000_000


class LinearSuperResolver:
    """See the module."""

    def __init__(self) -> None:
        self._manifest = read_manifest(files("smartscope.analysis.superresolution") / "linear.toml")

    @property
    def manifest(self) -> Manifest:
        """Name, version, declared duration."""
        return self._manifest

    def super_resolve(
        self,
        movie: Movie,
        taken: Taken,
        aligned: AlignedMovie,
        *,
        gain: NDArray[np.generic] | None = None,
        defects: BoolArray | None = None,
    ) -> SuperResolved:
        """See `SuperResolver`; raises `CannotSuperResolve`, `BadFile` and `InvalidInput`."""
        check_suitable(movie, taken, aligned)
        return separate(prepare(movie, gain, defects), taken, aligned)


def separate(movie: PreparedMovie, taken: Taken, aligned: AlignedMovie) -> SuperResolved:
    """The finer image of any movie, suitable or not; `aligned` gives motion and expected signal.

    Raises `CannotSuperResolve` when its sums share no detail, and `BadFile` for a broken frame.
    """
    power = signal_power(aligned.sums.even, aligned.sums.odd, frames=movie.frames)
    solved = _Fields(movie, aligned, _weights(movie.frames, taken)).solve(power)
    level = float(aligned.sums.plain.mean(dtype=np.float64)) / 4
    return solved.finished(taken.pixel_size_angstrom, level)


class _Solved:
    """Fine fields of all, even and odd frames, and how much of the signal is determined."""

    def __init__(self, shape: tuple[int, int], frames: int) -> None:
        self.fields = tuple(Mosaic(shape) for _ in range(3))
        self.frames = frames
        self._shells: Shells | None = None
        self._determined: list[FloatArray] = []
        self._last: Solution | None = None

    def note(self, solution: Solution, shape: tuple[int, int]) -> None:
        """Remember what share of the signal one tile determines."""
        determined = solution.determined
        self._last = solution
        if self._shells is None or self._shells.index.shape != determined.shape:
            self._shells = shells_of(shape, pixel_size_angstrom=0.5)
        counts = np.maximum(2.0 * self._shells.independent(), 1.0)
        self._determined.append(self._shells.total(determined) / counts)

    def finished(self, pixel_size_angstrom: float, mean_counts: float) -> SuperResolved:
        """Sums in the movie's counts, of a mean, and what they can be trusted for."""
        pixels, even, odd = (
            np.float32(part) * (np.float32(self.frames) * field.result() + np.float32(mean_counts))
            for field, part in zip(self.fields, (1.0, 0.5, 0.5), strict=True)
        )
        fine = 0.5 * pixel_size_angstrom
        beyond, z = beyond_nyquist(even, odd)
        assert self._last is not None
        # the sum of all frames, in a finer pixel each
        units = np.float32(4.0 * self.frames**2)
        return SuperResolved(
            pixels=pixels,
            even=even,
            odd=odd,
            pixel_size_angstrom=fine,
            expected_to_angstrom=self._expected_angstrom(pixel_size_angstrom),
            beyond_nyquist=beyond,
            beyond_nyquist_z=z,
            determined=self._last.determined,
            precision=np.asarray(self._last.precision / units),
        )

    def _expected_angstrom(self, pixel_size_angstrom: float) -> float | None:
        """Where √(share determined), the correlation with the truth, falls below one half."""
        assert self._shells is not None
        likeness = np.sqrt(np.median(np.array(self._determined), axis=0))
        above = np.flatnonzero(likeness[1:] >= _EXPECTED_LIKENESS) + 1
        if len(above) == 0:
            return None
        return float(pixel_size_angstrom / self._shells.k_per_angstrom[above[-1]])


class _Fields:
    """Goes through the tiles, as many at once as memory allows."""

    def __init__(self, movie: PreparedMovie, aligned: AlignedMovie, weights: FrameWeights) -> None:
        self._movie = movie
        self._aligned = aligned
        self._weights = weights
        height, width = movie.shape
        self._tiles = [(rows, columns) for rows in spans(height) for columns in spans(width)]

    def solve(self, power: SignalPower) -> _Solved:
        """Fill and solve the equations of every tile."""
        solved = _Solved(self._movie.shape, self._movie.frames)
        for tiles in self._batches():
            windows = [np.outer(taper(r.length), taper(c.length)) for r, c in tiles]
            systems = [
                AliasSystem((r.length, c.length), self._shifts(r, c), self._weights)
                for r, c in tiles
            ]
            for index in range(self._movie.frames):
                frame = self._movie.frame(index)
                mean = np.float32(frame.mean(dtype=np.float64))
                for (rows, columns), window, system in zip(tiles, windows, systems, strict=True):
                    system.add(
                        index, (cut(frame, rows, columns) - mean) * window.astype(np.float32)
                    )
            for (rows, columns), window, system in zip(tiles, windows, systems, strict=True):
                area = float(np.sum(window**2))
                for part, field in zip((None, 0, 1), solved.fields, strict=True):
                    fine = system.solve(power, area_px=area, part=part)
                    field.add(fine.pixels, rows, columns)
                    if part is None:
                        solved.note(fine, (2 * rows.length, 2 * columns.length))
        return solved

    def _batches(self) -> Iterator[list[tuple[Span, Span]]]:
        rows, columns = self._tiles[0]
        each = 8 * 4 * rows.length * columns.length * self._weights.times.shape[1]
        count = max(1, _MEMORY_BYTES // each)
        for first in range(0, len(self._tiles), count):
            yield self._tiles[first : first + count]

    def _shifts(self, rows: Span, columns: Span) -> FloatArray:
        """Where the middle of a tile was in each frame (frames, 2), in pixels."""
        shifts = self._aligned.shifts_angstrom
        local = self._aligned.local
        if local is not None:
            height, width = self._movie.shape
            x = np.array([(columns.start + columns.stop - 1) / max(width - 1, 1) - 1.0])
            y = np.array([(rows.start + rows.stop - 1) / max(height - 1, 1) - 1.0])
            shifts = shifts + local.shifts_angstrom(x, y)[:, 0]
        return np.asarray(shifts / self._aligned.pixel_size_angstrom)


def _weights(frames: int, taken: Taken) -> FrameWeights:
    dosing = taken.dosing
    if dosing is None:
        return FrameWeights.even(frames)
    # the corner of the finer transform lies at √2 cycles per pixel
    step = 1.5 / (_WEIGHT_TABLE - 1)
    table = frame_weights(
        step * np.arange(_WEIGHT_TABLE, dtype=np.float64) / taken.pixel_size_angstrom,
        frames=frames,
        dose_per_frame_e_per_a2=dosing.dose_per_frame_e_per_a2,
        voltage_kv=dosing.voltage_kv,
        dose_before_e_per_a2=dosing.dose_before_e_per_a2,
    )
    times, curves = few_products(table)
    return FrameWeights(times, curves, step)
