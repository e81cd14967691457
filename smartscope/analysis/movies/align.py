"""Aligns the frames of a movie as a whole and sums them; local motion is not corrected here."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.io.movie import Movie
from smartscope.analysis.movies.motion import Motion, measure_motion
from smartscope.analysis.movies.prepare import PreparedMovie, group_members, prepare
from smartscope.analysis.movies.spectra import group_spectra
from smartscope.domain.errors import InvalidInput

GROUP_DOSE_E_PER_A2: Final = 0.7
EARLY_DOSE_E_PER_A2: Final = 4.0
MAX_GROUPS: Final = 80
#: ice rings are best seen in the sum of spectra of this much (McMullan 2015)
SPECTRUM_DOSE_E_PER_A2: Final = 4.0

EachGroup = Callable[[FloatImage], None]


@dataclass(frozen=True, slots=True, eq=False)
class AlignedMovie:
    """The sum of the aligned frames and how they had moved.

    `aligned_sum` is float32 (height, width): counts after gain. `shifts_angstrom` is (frames, 2) x,
    y: where the specimen was in each frame, relative to the mean over frames.
    `drift_total_angstrom` is the length of that path, `drift_early_angstrom` its part before 4 e/Å²
    (None without a dose); both are None when the motion could not be measured, and then the sum is
    the plain one. `interpolated` are the frames whose own shift could not be measured.
    `mean_counts` is per pixel and frame before the gain.
    """

    aligned_sum: FloatImage
    pixel_size_angstrom: float
    shifts_angstrom: FloatArray
    shift_error_angstrom: float | None
    drift_total_angstrom: float | None
    drift_early_angstrom: float | None
    aligned: bool
    interpolated: tuple[int, ...]
    mean_counts: float
    defects: int
    warnings: tuple[str, ...]


def align_movie(
    movie: Movie,
    *,
    pixel_size_angstrom: float,
    dose_per_frame_e_per_a2: float | None = None,
    gain: NDArray[np.generic] | None = None,
    each_group: EachGroup | None = None,
) -> AlignedMovie:
    """Measure whole-frame motion, undo it by Fourier phase ramps and sum.

    `each_group` is handed the aligned sum of each 4 e/Å² on the way, for spectra that motion of the
    water would wash out.
    Frames are read three times (defects, motion, sum) and never kept; memory is a few frames and
    the spectra between 300 and 10 Å. A shifted frame wraps around: as many edge pixels as it moved
    come from the opposite edge. Raises `InvalidInput` for a pixel size or dose that is not
    positive, or a gain that does not fit, and `BadFile` for a broken frame.
    """
    _check(pixel_size_angstrom, dose_per_frame_e_per_a2)
    prepared = prepare(movie, gain)
    per_frame = dose_per_frame_e_per_a2 or prepared.mean_counts / pixel_size_angstrom**2
    size = _group_size(prepared.frames, per_frame)
    spectra = group_spectra(prepared, pixel_size_angstrom=pixel_size_angstrom, group_size=size)
    motion = measure_motion(spectra, dose_per_frame_e_per_a2=per_frame)
    shifts = _per_frame(motion.positions_angstrom, spectra.frame_numbers, prepared.frames)
    moved = bool(np.abs(shifts).max() > 0.0)
    steps = np.hypot(*np.diff(shifts, axis=0).T) if prepared.frames > 1 else np.zeros(0)
    return AlignedMovie(
        aligned_sum=aligned_sum(
            prepared,
            shifts,
            pixel_size_angstrom=pixel_size_angstrom,
            group_size=_frames_for(SPECTRUM_DOSE_E_PER_A2, per_frame),
            each_group=each_group,
        ),
        pixel_size_angstrom=pixel_size_angstrom,
        shifts_angstrom=shifts,
        shift_error_angstrom=motion.error_angstrom,
        drift_total_angstrom=float(steps.sum()) if motion.measured else None,
        drift_early_angstrom=_early(steps, dose_per_frame_e_per_a2) if motion.measured else None,
        aligned=moved,
        interpolated=_interpolated(motion, size, prepared.frames),
        mean_counts=prepared.mean_counts,
        defects=len(prepared.defects),
        warnings=_warnings(prepared, motion),
    )


def aligned_sum(
    movie: PreparedMovie,
    shifts_angstrom: FloatArray,
    *,
    pixel_size_angstrom: float,
    group_size: int = 1,
    each_group: EachGroup | None = None,
) -> FloatImage:
    """Sum of all frames with `shifts_angstrom` (frames, 2) undone; float32 (height, width).

    `each_group`, when given, sees the sum of every `group_size` frames, float32 (height, width).
    """
    size = movie.frames if each_group is None else group_size
    total = np.zeros(movie.shape, dtype=np.float32)
    for members in group_members(movie.frames, size):
        part = _part(movie, members, shifts_angstrom, pixel_size_angstrom)
        if each_group is not None:
            each_group(part)
        total += part
    return total


def _part(
    movie: PreparedMovie, members: range, shifts_angstrom: FloatArray, pixel_size_angstrom: float
) -> FloatImage:
    """Sum of the frames `members`, their shifts undone by phase ramps."""
    height, width = movie.shape
    if not shifts_angstrom.any():
        plain = np.zeros((height, width), dtype=np.float32)
        for index in members:
            plain += movie.frame(index)
        return plain
    vertical = np.fft.fftfreq(height, pixel_size_angstrom)
    horizontal = np.fft.rfftfreq(width, pixel_size_angstrom)
    total = np.zeros((height, len(horizontal)), dtype=np.complex64)
    for index in members:
        x, y = shifts_angstrom[index]
        spectrum = fft.rfft2(movie.frame(index))
        spectrum *= np.exp(2j * np.pi * vertical * y).astype(np.complex64)[:, None]
        spectrum *= np.exp(2j * np.pi * horizontal * x).astype(np.complex64)[None, :]
        total += spectrum
    return np.asarray(fft.irfft2(total, s=(height, width)), dtype=np.float32)


def _check(pixel_size_angstrom: float, dose_per_frame_e_per_a2: float | None) -> None:
    if not (math.isfinite(pixel_size_angstrom) and pixel_size_angstrom > 0.0):
        raise InvalidInput({"pixel_size_angstrom": f"{pixel_size_angstrom} is not positive."})
    dose = dose_per_frame_e_per_a2
    if dose is not None and not (math.isfinite(dose) and dose > 0.0):
        raise InvalidInput({"dose_per_frame_e_per_a2": f"{dose} is not positive; leave it out."})


def _group_size(frames: int, dose_per_frame: float) -> int:
    """Frames per group: enough dose to be followed, and not more groups than can be compared."""
    wanted = _frames_for(GROUP_DOSE_E_PER_A2, dose_per_frame)
    return max(1, min(wanted, frames // 2 or 1), math.ceil(frames / MAX_GROUPS))


def _frames_for(dose_e_per_a2: float, dose_per_frame: float) -> int:
    return max(1, math.ceil(dose_e_per_a2 / max(dose_per_frame, 1e-9) - 1e-6))


def _per_frame(positions: FloatArray, frame_numbers: FloatArray, frames: int) -> FloatArray:
    """Group positions interpolated to frames, continued straight beyond the outer groups."""
    if len(positions) < 2:
        return np.zeros((frames, 2))
    numbers = np.arange(frames)
    left = np.clip(np.searchsorted(frame_numbers, numbers) - 1, 0, len(frame_numbers) - 2)
    part = (numbers - frame_numbers[left]) / (frame_numbers[left + 1] - frame_numbers[left])
    shifts = positions[left] + part[:, None] * (positions[left + 1] - positions[left])
    centred: FloatArray = shifts - shifts.mean(axis=0)
    return centred


def _early(steps: FloatArray, dose: float | None) -> float | None:
    if dose is None:
        return None
    begun = dose * np.arange(1, len(steps) + 1)
    return float(steps[begun < EARLY_DOSE_E_PER_A2].sum())


def _interpolated(motion: Motion, size: int, frames: int) -> tuple[int, ...]:
    if not motion.measured:
        return ()
    last = len(motion.reached) - 1
    return tuple(f for f in range(frames) if not motion.reached[min(f // size, last)])


def _warnings(movie: PreparedMovie, motion: Motion) -> tuple[str, ...]:
    found = []
    if movie.frames == 1:
        found.append("A single frame: there is no motion to measure.")
    elif not motion.measured:
        found.append(
            "The frames share nothing that could be followed: they were summed as they are, and "
            "the drift is not known."
        )
    elif not motion.reached.all():
        found.append(f"{int((~motion.reached).sum())} frame groups were placed by interpolation.")
    return tuple(found)
