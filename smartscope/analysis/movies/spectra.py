"""Low-resolution spectra of frame groups: all that finding shifts needs, small enough to keep."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatArray, FloatImage, IntArray
from smartscope.analysis.movies.prepare import group_members
from smartscope.analysis.movies.transforms import FrameSpectra

COARSEST_ANGSTROM: Final = 300.0
FINEST_ANGSTROM: Final = 7.0
#: the finest that is used whatever is wanted, cycles per pixel
NYQUIST_PART: Final = 0.45

# Rows and columns that read out badly stand still; their power lies on the axes of the spectrum.
_BLANKED_AXIS_CELLS: Final = 1
#: of columns so many are enough, spread evenly: a hundred thousand coefficients of a large frame
_PATTERN_COLUMNS: Final = 512
#: where the standing pattern is looked for, cycles per pixel down and across, as rectangles: 0.35
#: to 0.47 from the middle, off the axes
_PATTERN_BOXES: Final = (
    ((0.01, 0.12), (0.35, 0.45)),
    ((0.12, 0.25), (0.33, 0.39)),
    ((0.25, 0.33), (0.25, 0.33)),
    ((0.33, 0.39), (0.12, 0.25)),
    ((0.35, 0.45), (0.01, 0.12)),
)

ComplexStack = NDArray[np.complex64]


@dataclass(frozen=True, slots=True, eq=False)
class GroupSpectra:
    """Spectra (groups, ky, kx) on the grid `ky` x `kx` (Å⁻¹), `band` 1 inside the used band, else
    0.

    All kx are positive: the other half plane follows from symmetry. `pattern_power` is the power
    per coefficient of what stands still on the camera while the specimen moves. `frame_numbers` is
    the mean frame of each group, counted from 0.
    """

    values: ComplexStack
    ky: FloatArray
    kx: FloatArray
    band: FloatImage
    pattern_power: float
    frame_numbers: FloatArray

    def columns(self, start: int) -> GroupSpectra:
        """Every second kx from `start`: half of the coefficients, with independent noise."""
        return self.part(np.arange(len(self.ky)), np.arange(start, len(self.kx), 2))

    def part(self, rows: IntArray, columns: IntArray) -> GroupSpectra:
        """Only some ky and kx."""
        return GroupSpectra(
            self.values[:, rows[:, None], columns[None, :]],
            self.ky[rows],
            self.kx[columns],
            self.band[rows[:, None], columns[None, :]],
            self.pattern_power,
            self.frame_numbers,
        )


def group_spectra(
    frames: FrameSpectra,
    *,
    pixel_size_angstrom: float,
    group_size: int,
    finest_angstrom: float = FINEST_ANGSTROM,
) -> GroupSpectra:
    """Transform groups of frames and keep 300 Å to the finest (or 0.9 of Nyquist), axes blanked."""
    movie = frames.movie
    height, width = movie.shape
    ky: FloatArray = np.asarray(np.fft.fftfreq(height, pixel_size_angstrom), dtype=np.float64)
    kx: FloatArray = np.asarray(np.fft.rfftfreq(width, pixel_size_angstrom), dtype=np.float64)
    finest = min(1.0 / finest_angstrom, NYQUIST_PART / pixel_size_angstrom)
    rows = np.flatnonzero(np.abs(ky) <= finest)
    columns = np.flatnonzero((kx <= finest) & (np.arange(len(kx)) > _BLANKED_AXIS_CELLS))
    pattern = _StandingPattern(movie.shape)
    made = np.union1d(columns, pattern.columns)
    banded, patterned = np.searchsorted(made, columns), np.searchsorted(made, pattern.columns)
    members = group_members(movie.frames, group_size)
    values = np.empty((len(members), len(rows), len(columns)), dtype=np.complex64)
    for number, group in enumerate(members):
        spectrum = frames.of_sum(group, made)
        values[number] = spectrum[np.ix_(rows, banded)]
        pattern.add(spectrum[:, patterned])
    kept_ky, kept_kx = ky[rows], kx[columns]
    frequency = np.hypot(kept_ky[:, None], kept_kx[None, :])
    coarsest = max(1.0 / COARSEST_ANGSTROM, 2.0 / (min(height, width) * pixel_size_angstrom))
    band = (frequency <= finest) & (frequency >= coarsest)
    band &= (np.abs(kept_ky) > (_BLANKED_AXIS_CELLS + 0.5) * np.abs(ky[1]))[:, None]
    return GroupSpectra(
        values,
        kept_ky,
        kept_kx,
        band.astype(np.float32),
        pattern.power(),
        np.array([0.5 * (group[0] + group[-1]) for group in members]),
    )


class _StandingPattern:
    """Measures white fixed noise (an imperfect gain) where the specimen has no signal left.

    Near Nyquist all that two frames share is what stands still, so the mean cross power of all
    pairs, (|Σ F|² - Σ |F|²) / (n (n - 1)), is the pattern's power; being white, it is the same
    everywhere.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        height, width = shape
        step = max(1, width // _PATTERN_COLUMNS)
        wanted = [
            (_cells(height, *box_y, sign), np.arange(*_ends(width, *box_x), step))
            for box_y, box_x in _PATTERN_BOXES
            for sign in (1, -1)
        ]
        #: which columns of a half spectrum `add` asks for
        self.columns = np.unique(np.concatenate([across for _, across in wanted]))
        self._boxes = [(down, np.searchsorted(self.columns, across)) for down, across in wanted]
        sizes = [(down.stop - down.start, len(across)) for down, across in wanted]
        self._sums = [np.zeros(size, dtype=np.complex64) for size in sizes]
        self._powers = [np.zeros(size, dtype=np.float32) for size in sizes]
        self._count = 0

    def add(self, spectrum: NDArray[np.complex64]) -> None:
        """Count one more group, by `columns` of its half spectrum."""
        for box, total, power in zip(self._boxes, self._sums, self._powers, strict=True):
            cells = spectrum[box]
            total += cells
            power += cells.real**2
            power += cells.imag**2
        self._count += 1

    def power(self) -> float:
        """Power per coefficient; 0 when it is not three standard errors above nothing."""
        if self._count < 2 or sum(total.size for total in self._sums) < 100:
            return 0.0
        pairs = self._count * (self._count - 1)
        cross = np.concatenate(
            [
                ((total.real**2 + total.imag**2 - power) / pairs).reshape(-1)
                for total, power in zip(self._sums, self._powers, strict=True)
            ]
        ).astype(np.float64)
        error = cross.std() / np.sqrt(len(cross))
        return float(cross.mean()) if cross.mean() > 3.0 * error else 0.0


def _ends(side: int, low: float, high: float) -> tuple[int, int]:
    """The first place in a transform from `low` cycles per pixel, and that from `high`."""
    return math.ceil(low * side), math.floor(high * side)


def _cells(side: int, low: float, high: float, sign: int) -> slice:
    """Where frequencies of `low` to `high` cycles per pixel, or their negatives, are in a
    transform.
    """
    first, last = _ends(side, low, high)
    return slice(first, last) if sign > 0 else slice(side - last, side - first)
