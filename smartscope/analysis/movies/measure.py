"""Everything that is measured on one exposure when it arrives, in one call without side effects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.ctf.power_spectrum import PowerSpectrum, power_spectrum
from smartscope.analysis.io.movie import open_movie
from smartscope.analysis.movies.aligner import MovieAligner, WholeFrameAligner


@dataclass(frozen=True, slots=True, eq=False)
class ExposureMeasures:
    """What a movie or single image says; see `AlignedMovie` for the drift and the shifts.

    No CTF is fitted: `power_spectrum` is for the eye. `warnings` are sentences for people.
    """

    aligned_sum: FloatImage
    power_spectrum: PowerSpectrum
    pixel_size_angstrom: float
    frames: int
    aligned: bool
    drift_total_angstrom: float | None
    drift_early_angstrom: float | None
    shifts_angstrom: FloatArray
    shift_error_angstrom: float | None
    mean_counts: float
    warnings: tuple[str, ...]


def measure_exposure(
    movie_path: Path,
    *,
    pixel_size_angstrom: float,
    dose_per_frame_e_per_a2: float | None = None,
    gain: NDArray[np.generic] | None = None,
    aligner: MovieAligner | None = None,
) -> ExposureMeasures:
    """Align a movie (MRC or TIFF stack; one frame is a single image) and take its power spectrum.

    `pixel_size_angstrom` comes from the session, not from the file's header, which is often wrong.
    `gain` (height, width) multiplies each frame; `aligner` None moves whole frames. The result is
    the same for the same file. Raises `BadFile` for a broken file, `InvalidInput` for an argument
    that cannot be.
    """
    with open_movie(movie_path) as movie:
        frames = movie.frames
        aligned = (aligner or WholeFrameAligner()).align(
            movie,
            pixel_size_angstrom=pixel_size_angstrom,
            dose_per_frame_e_per_a2=dose_per_frame_e_per_a2,
            gain=gain,
        )
    return ExposureMeasures(
        aligned_sum=aligned.aligned_sum,
        power_spectrum=power_spectrum(aligned.aligned_sum, pixel_size_angstrom=pixel_size_angstrom),
        pixel_size_angstrom=pixel_size_angstrom,
        frames=frames,
        aligned=aligned.aligned,
        drift_total_angstrom=aligned.drift_total_angstrom,
        drift_early_angstrom=aligned.drift_early_angstrom,
        shifts_angstrom=aligned.shifts_angstrom,
        shift_error_angstrom=aligned.shift_error_angstrom,
        mean_counts=aligned.mean_counts,
        warnings=aligned.warnings,
    )
