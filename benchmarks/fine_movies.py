"""Movies at two pixel sizes from one simulated truth: fine ones, and what a camera with pixels of
twice the side would have counted of the very same electrons.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.movie_films import ArrayMovie, Floats, Image, film, placed
from smartscope.analysis.movies.align import AlignedMovie, Taken, align_movie
from smartscope.microscope.simulator.optics.profiles import K3_MTF, CameraProfile
from smartscope.microscope.simulator.optics.values import Recording, RecordSettings
from smartscope.microscope.simulator.specimen.values import Pose
from smartscope.microscope.simulator.specimen.world import Specimen

FINE_ANGSTROM = 1.5
DOSE_E_PER_A2, FRAMES = 60.0, 40
#: voltage is left out where weights by dose would hide what is compared
COARSE = Taken(
    pixel_size_angstrom=2 * FINE_ANGSTROM, dose_per_frame_e_per_a2=DOSE_E_PER_A2 / FRAMES
)
FINE = Taken(pixel_size_angstrom=FINE_ANGSTROM, dose_per_frame_e_per_a2=DOSE_E_PER_A2 / FRAMES)


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """One exposure, counted coarsely and finely, with its truth.

    `truth` (fine pixels) is noise-free, placed where the aligned sums show it.
    """

    coarse: ArrayMovie
    fine: ArrayMovie
    recording: Recording
    truth: Image
    motion_px: Floats


def camera(side_px: int) -> CameraProfile:
    """A clean counting camera of `side_px` fine pixels a side."""
    return CameraProfile(
        name=f"fine-{side_px}",
        width_px=side_px,
        height_px=side_px,
        physical_pixel_um=2.5,
        dqe0=0.83,
        mtf=K3_MTF,
        gain_rms=0.0,
        gain_reference_error=0.0,
        hot_pixel_fraction=0.0,
        dead_columns=0,
    )


def pair(specimen: Specimen, pose: Pose, *, side_px: int) -> Pair:
    """Both movies of one place."""
    settings = RecordSettings(
        pixel_size_angstrom=FINE_ANGSTROM, dose_e_per_a2=DOSE_E_PER_A2, frames=FRAMES
    )
    recording = film(camera(side_px), pose, specimen, settings)
    counts = recording.movie.frames
    half = side_px // 2
    coarse = counts.reshape(FRAMES, half, 2, half, 2).sum(axis=(2, 4), dtype=np.uint16)
    moved = recording.truth.shifts_px + recording.truth.local_px.mean(axis=(1, 2))
    return Pair(
        ArrayMovie(coarse, 2 * FINE_ANGSTROM),
        ArrayMovie(counts, FINE_ANGSTROM),
        recording,
        placed(recording.truth.noise_free, moved.mean(axis=0)),
        moved,
    )


def aligned(movie: ArrayMovie, taken: Taken) -> AlignedMovie:
    """As the service aligns it."""
    return align_movie(movie, taken)


def bilinear(image: Image) -> Image:
    """(height, width) to twice that, between the centres of pixels."""
    out = image.astype(np.float32)
    for axis in (0, 1):
        before, after = np.roll(out, 1, axis), np.roll(out, -1, axis)
        both = np.stack([0.75 * out + 0.25 * before, 0.75 * out + 0.25 * after], axis=axis + 1)
        shape = list(out.shape)
        shape[axis] *= 2
        out = both.reshape(shape)
    return np.asarray(0.25 * out, dtype=np.float32)
