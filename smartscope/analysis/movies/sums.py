"""Every sum of a movie that later work asks for, in one pass and one interpolation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.movies.dose import frame_weights
from smartscope.analysis.movies.prepare import PreparedMovie
from smartscope.domain.errors import InvalidInput

_TABLE: Final = 512

ComplexImage = NDArray[np.complex64]


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
    movie: PreparedMovie,
    shifts_angstrom: FloatArray,
    *,
    pixel_size_angstrom: float,
    dosing: Dosing | None = None,
) -> MovieSums:
    """Undo `shifts_angstrom` (frames, 2) by phase ramps and sum; frames are read once, none kept.

    Weighted: Σ q F / √(Σ q² / frames), q the amplitude left in a frame. Memory is four spectra.
    Raises `InvalidInput` when shifts and frames do not match, and `BadFile` for a broken frame.
    """
    if shifts_angstrom.shape != (movie.frames, 2):
        raise InvalidInput(
            {"shifts": f"{movie.frames} frames need as many shifts, not {shifts_angstrom.shape}."}
        )
    field = _Field(movie.shape, pixel_size_angstrom)
    halves = (field.empty(), field.empty())
    weigher = None if dosing is None else _Weigher(field, movie.frames, dosing)
    for index in range(movie.frames):
        spectrum = field.moved(movie.frame(index), shifts_angstrom[index])
        halves[index % 2][...] += spectrum
        if weigher is not None:
            weigher.add(index, spectrum)
    even, odd = (field.image(half) for half in halves)
    weighted = None if weigher is None else field.image(weigher.total())
    return MovieSums(even + odd, even, odd, weighted)


class _Field:
    """The half plane of frequencies of one frame size."""

    def __init__(self, shape: tuple[int, int], pixel_size_angstrom: float) -> None:
        self.shape = shape
        self.ky = np.fft.fftfreq(shape[0], pixel_size_angstrom)
        self.kx = np.fft.rfftfreq(shape[1], pixel_size_angstrom)

    def empty(self) -> ComplexImage:
        return np.zeros((len(self.ky), len(self.kx)), dtype=np.complex64)

    def moved(self, frame: FloatImage, shift_angstrom: FloatArray) -> ComplexImage:
        """The frame's spectrum with its shift (x, y) undone."""
        x, y = shift_angstrom
        spectrum: ComplexImage = fft.rfft2(frame)
        spectrum *= np.exp(2j * np.pi * self.ky * y).astype(np.complex64)[:, None]
        spectrum *= np.exp(2j * np.pi * self.kx * x).astype(np.complex64)[None, :]
        return spectrum

    def image(self, spectrum: ComplexImage) -> FloatImage:
        return np.asarray(fft.irfft2(spectrum, s=self.shape), dtype=np.float32)


class _Weigher:
    """Adds frames weighed by what the beam has left of them; weights are tables over |k|."""

    def __init__(self, field: _Field, frames: int, dosing: Dosing) -> None:
        radius = np.hypot(field.ky[:, None], field.kx[None, :])
        step = float(radius.max()) / (_TABLE - 1)
        self._place = np.rint(radius / step).astype(np.int16)
        self._weights = frame_weights(
            step * np.arange(_TABLE, dtype=np.float64),
            frames=frames,
            dose_per_frame_e_per_a2=dosing.dose_per_frame_e_per_a2,
            voltage_kv=dosing.voltage_kv,
            dose_before_e_per_a2=dosing.dose_before_e_per_a2,
        )
        self._sum = field.empty()

    def add(self, index: int, spectrum: ComplexImage) -> None:
        """Add frame `index`; `spectrum` is used up."""
        spectrum *= self._weights[index].astype(np.float32)[self._place]
        self._sum += spectrum

    def total(self) -> ComplexImage:
        """The weighted sum with the plain sum's noise."""
        size = np.sqrt(np.mean(np.square(self._weights), axis=0))
        # Where the beam has left next to nothing, nothing is amplified.
        share = np.where(size > 1e-6, 1.0 / np.maximum(size, 1e-6), 0.0)
        self._sum *= share.astype(np.float32)[self._place]
        return self._sum
