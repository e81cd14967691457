"""Aligns the frames of a movie and sums them: the one call that does all of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage
from smartscope.analysis.io.movie import Movie
from smartscope.analysis.io.movie_metadata import PIXEL_SIZES_ANGSTROM
from smartscope.analysis.movies.local import find_local_motion
from smartscope.analysis.movies.local_field import LocalMotion
from smartscope.analysis.movies.magnification import Magnification
from smartscope.analysis.movies.motion import Motion, measure_motion, sharpened
from smartscope.analysis.movies.patches import cut_patches, patch_grid
from smartscope.analysis.movies.prepare import PreparedMovie, group_members, prepare
from smartscope.analysis.movies.spectra import (
    FINEST_ANGSTROM,
    NYQUIST_PART,
    GroupSpectra,
    group_spectra,
)
from smartscope.analysis.movies.sums import Dosing, EachGroup, MovieSums, movie_sums
from smartscope.analysis.movies.transforms import FrameSpectra
from smartscope.domain.errors import InvalidInput

GROUP_DOSE_E_PER_A2: Final = 0.7
LOCAL_GROUP_DOSE_E_PER_A2: Final = 1.5
FEWEST_LOCAL_GROUPS: Final = 6
EARLY_DOSE_E_PER_A2: Final = 4.0
#: shifts with this standard error an axis cost a B factor of less than 0.1 Å²
WELL_KNOWN_ANGSTROM: Final = 0.03
#: finer than this, frames of few electrons share next to nothing
FINER_ANGSTROM: Final = 3.0
#: what the finer spectra of all groups may take
FINER_BYTES: Final = 384 * 1024 * 1024
#: of the finest detail that is used at first: closer to it, there is little to gain
WORTH_PART: Final = 0.85
MAX_GROUPS: Final = 80
#: ice rings are best seen in the sum of spectra of this much (McMullan 2015)
SPECTRUM_DOSE_E_PER_A2: Final = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class AlignedMovie:
    """The sums of the aligned frames and how they had moved.

    `sums` are float32 (height, width): counts after gain. `shifts_angstrom` is (frames, 2) x,
    y: where the specimen was in each frame, relative to the mean over frames; `local` is what is to
    be added at each place of the field, None where nothing of the kind was found.
    `drift_total_angstrom` is the length of the whole-frame path, `drift_early_angstrom` its part
    before 4 e/Å² (None without a dose); both are None when the motion could not be measured, and
    then the sum is the plain one. `interpolated` are the frames whose own shift could not be
    measured. `mean_counts` is per pixel and frame before the gain.
    """

    sums: MovieSums
    pixel_size_angstrom: float
    shifts_angstrom: FloatArray
    local: LocalMotion | None
    shift_error_angstrom: float | None
    drift_total_angstrom: float | None
    drift_early_angstrom: float | None
    aligned: bool
    interpolated: tuple[int, ...]
    mean_counts: float
    defects: int
    warnings: tuple[str, ...]

    @property
    def aligned_sum(self) -> FloatImage:
        """The plain sum."""
        return self.sums.plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How a movie was taken: pixel size in Å; dose in e/Å², and kV, None where they are not known.

    `dose_before_e_per_a2` is what the place had seen already. Raises `InvalidInput` for a pixel
    size that no movie has, or a dose that is not positive.
    """

    pixel_size_angstrom: float
    dose_per_frame_e_per_a2: float | None = None
    dose_before_e_per_a2: float = 0.0
    voltage_kv: float | None = None
    magnification: Magnification | None = None

    def __post_init__(self) -> None:
        _check(self.pixel_size_angstrom, self.dose_per_frame_e_per_a2)

    @property
    def dosing(self) -> Dosing | None:
        """What a dose-weighted sum needs, if it is known."""
        if self.dose_per_frame_e_per_a2 is None or self.voltage_kv is None:
            return None
        return Dosing(
            dose_per_frame_e_per_a2=self.dose_per_frame_e_per_a2,
            voltage_kv=self.voltage_kv,
            dose_before_e_per_a2=self.dose_before_e_per_a2,
        )


def align_movie(
    movie: Movie,
    taken: Taken,
    *,
    gain: NDArray[np.generic] | None = None,
    defects: BoolArray | None = None,
    local: bool = True,
    each_group: EachGroup | None = None,
) -> AlignedMovie:
    """Measure motion, of whole frames and over the field, undo it in one interpolation and sum.

    `defects` (height, width) is True where a pixel is known to be bad. `local` False leaves motion
    that differs over the field alone. `each_group` is handed the aligned sum of each 4 e/Å² on the
    way, for spectra that motion of the water would wash out.
    Frames are read once where a GiB holds them as delivered, else three or four times (defects,
    motion, finer motion, sum); memory beside is a dozen frames and the spectra between 300 and
    7 Å, or whole spectra where half a GiB holds them. A shifted frame wraps around: as many edge
    pixels as it moved come from the opposite edge. Raises `InvalidInput` for a gain or list of
    defects that does not fit, and `BadFile` for a broken frame.
    """
    pixel = taken.pixel_size_angstrom
    prepared = prepare(movie, gain, defects)
    per_frame = taken.dose_per_frame_e_per_a2 or prepared.mean_counts / pixel**2
    size = _group_size(prepared.frames, per_frame, GROUP_DOSE_E_PER_A2)
    whole = FrameSpectra(prepared)
    spectra = group_spectra(whole, pixel_size_angstrom=pixel, group_size=size)
    motion = _motion(whole, spectra, size, pixel_size_angstrom=pixel, dose_per_frame=per_frame)
    shifts = _per_frame(motion.positions_angstrom, spectra.frame_numbers, prepared.frames)
    field = None
    if local:
        field = _local(
            prepared, spectra, motion, size, pixel_size_angstrom=pixel, dose_per_frame=per_frame
        )
    steps = np.hypot(*np.diff(shifts, axis=0).T) if prepared.frames > 1 else np.zeros(0)
    return AlignedMovie(
        sums=movie_sums(
            whole,
            shifts,
            pixel_size_angstrom=pixel,
            dosing=taken.dosing,
            local=field,
            magnification=taken.magnification,
            group_size=_frames_for(SPECTRUM_DOSE_E_PER_A2, per_frame),
            each_group=each_group,
        ),
        pixel_size_angstrom=pixel,
        shifts_angstrom=shifts,
        local=field,
        shift_error_angstrom=motion.error_angstrom,
        drift_total_angstrom=float(steps.sum()) if motion.measured else None,
        drift_early_angstrom=_early(steps, taken.dose_per_frame_e_per_a2)
        if motion.measured
        else None,
        aligned=field is not None or bool(np.abs(shifts).max() > 0.0),
        interpolated=_interpolated(motion, size, prepared.frames),
        mean_counts=prepared.mean_counts,
        defects=len(prepared.defects),
        warnings=_warnings(prepared, motion),
    )


def _motion(
    frames: FrameSpectra,
    spectra: GroupSpectra,
    group_size: int,
    *,
    pixel_size_angstrom: float,
    dose_per_frame: float,
) -> Motion:
    """Motion of whole frames; by finer detail too where it is not known well enough without."""
    motion = measure_motion(spectra, dose_per_frame_e_per_a2=dose_per_frame)
    if motion.error_angstrom is None or motion.error_angstrom < WELL_KNOWN_ANGSTROM:
        return motion
    height, width = frames.movie.shape
    # all coefficients up to 1 / Å of half a plane, of each group
    cells = 2.0 * height * width * pixel_size_angstrom**2 * len(spectra.values)
    fits = math.sqrt(cells * np.dtype(np.complex64).itemsize / FINER_BYTES)
    finest = max(FINER_ANGSTROM, fits, pixel_size_angstrom / NYQUIST_PART)
    if finest > WORTH_PART * FINEST_ANGSTROM:
        return motion
    finer = group_spectra(
        frames,
        pixel_size_angstrom=pixel_size_angstrom,
        group_size=group_size,
        finest_angstrom=finest,
    )
    return sharpened(motion, finer, dose_per_frame_e_per_a2=dose_per_frame)


def _local(
    prepared: PreparedMovie,
    spectra: GroupSpectra,
    motion: Motion,
    group_size: int,
    *,
    pixel_size_angstrom: float,
    dose_per_frame: float,
) -> LocalMotion | None:
    """Motion over the field, where the movie as a whole could be followed and is large enough."""
    groups = len(spectra.values)
    if not motion.measured or min(patch_grid(prepared.shape)) < 2 or groups < FEWEST_LOCAL_GROUPS:
        return None
    wanted = _frames_for(LOCAL_GROUP_DOSE_E_PER_A2, group_size * dose_per_frame)
    members = group_members(groups, min(wanted, groups // FEWEST_LOCAL_GROUPS))
    patches = cut_patches(
        spectra,
        motion.positions_angstrom,
        shape=prepared.shape,
        pixel_size_angstrom=pixel_size_angstrom,
        members=members,
    )
    frame_dose: FloatArray = dose_per_frame * (np.arange(prepared.frames, dtype=np.float64) + 0.5)
    group_dose = dose_per_frame * (spectra.frame_numbers + 0.5)
    return find_local_motion(
        patches,
        group_dose_e_per_a2=np.array([group_dose[group].mean() for group in members]),
        frame_dose_e_per_a2=frame_dose,
    )


def _check(pixel_size_angstrom: float, dose_per_frame_e_per_a2: float | None) -> None:
    least, most = PIXEL_SIZES_ANGSTROM
    # not a number is in no range
    if not least <= pixel_size_angstrom <= most:
        raise InvalidInput(
            {
                "pixel_size_angstrom": f"{pixel_size_angstrom:g} Å is no exposure's pixel "
                f"({least:g} to {most:g} Å); correct the record area's magnification, or the size "
                "that was given."
            }
        )
    dose = dose_per_frame_e_per_a2
    if dose is not None and not (math.isfinite(dose) and dose > 0.0):
        raise InvalidInput({"dose_per_frame_e_per_a2": f"{dose} is not positive; leave it out."})


def _group_size(frames: int, dose_per_frame: float, group_dose: float) -> int:
    """Frames per group: enough dose to be followed, and not more groups than can be compared."""
    wanted = _frames_for(group_dose, dose_per_frame)
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
    found = [movie.gain_doubt] if movie.gain_doubt else []
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
