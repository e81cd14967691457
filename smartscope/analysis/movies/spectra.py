"""Low-resolution spectra of frame groups: all that finding shifts needs, small enough to keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.movies.prepare import group_members
from smartscope.analysis.movies.transforms import FrameSpectra

COARSEST_ANGSTROM: Final = 300.0
FINEST_ANGSTROM: Final = 7.0

# Rows and columns that read out badly stand still; their power lies on the axes of the spectrum.
_BLANKED_AXIS_CELLS: Final = 1
_PATTERN_BAND: Final = (0.35, 0.47)

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
        take = slice(start, None, 2)
        return GroupSpectra(
            np.ascontiguousarray(self.values[:, :, take]),
            self.ky,
            self.kx[take],
            np.ascontiguousarray(self.band[:, take]),
            self.pattern_power,
            self.frame_numbers,
        )


def group_spectra(
    frames: FrameSpectra, *, pixel_size_angstrom: float, group_size: int
) -> GroupSpectra:
    """Transform groups of frames and keep 300 Å to 7 Å (or 0.9 of Nyquist), axes blanked."""
    movie = frames.movie
    height, width = movie.shape
    ky: FloatArray = np.asarray(np.fft.fftfreq(height, pixel_size_angstrom), dtype=np.float64)
    kx: FloatArray = np.asarray(np.fft.rfftfreq(width, pixel_size_angstrom), dtype=np.float64)
    finest = min(1.0 / FINEST_ANGSTROM, 0.45 / pixel_size_angstrom)
    rows = np.flatnonzero(np.abs(ky) <= finest)
    columns = np.flatnonzero((kx <= finest) & (np.arange(len(kx)) > _BLANKED_AXIS_CELLS))
    pattern = _StandingPattern(movie.shape)
    members = group_members(movie.frames, group_size)
    values = np.empty((len(members), len(rows), len(columns)), dtype=np.complex64)
    for number, group in enumerate(members):
        spectrum = frames.of_sum(group)
        values[number] = spectrum[np.ix_(rows, columns)]
        pattern.add(spectrum)
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
        vertical = np.abs(np.fft.fftfreq(shape[0]))[:, None]
        horizontal = np.fft.rfftfreq(shape[1])[None, :]
        radius = np.hypot(vertical, horizontal)
        low, high = _PATTERN_BAND
        off_axes = (vertical > 2.0 / shape[0]) & (horizontal > 2.0 / shape[1])
        self._cells = np.flatnonzero((radius > low) & (radius < high) & off_axes)
        self._sum = np.zeros(len(self._cells), dtype=np.complex128)
        self._power = np.zeros(len(self._cells))
        self._count = 0

    def add(self, spectrum: NDArray[np.complex64]) -> None:
        """Count one more group's spectrum."""
        cells = spectrum.reshape(-1)[self._cells]
        self._sum += cells
        self._power += cells.real**2 + cells.imag**2
        self._count += 1

    def power(self) -> float:
        """Power per coefficient; 0 when it is not three standard errors above nothing."""
        if self._count < 2 or len(self._cells) < 100:
            return 0.0
        pairs = self._count * (self._count - 1)
        cross = (np.abs(self._sum) ** 2 - self._power) / pairs
        error = cross.std() / np.sqrt(len(cross))
        return float(cross.mean()) if cross.mean() > 3.0 * error else 0.0
