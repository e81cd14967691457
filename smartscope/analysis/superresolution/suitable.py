"""Whether a movie can hold more detail than its pixels show; if not, why not."""

from __future__ import annotations

from typing import Final

import numpy as np

from smartscope.analysis.io.movie import Movie
from smartscope.analysis.movies.align import AlignedMovie, Taken
from smartscope.analysis.superresolution.result import CannotSuperResolve

LEAST_FRAMES: Final = 8
LEAST_MOTION_PX: Final = 1.0
LEAST_SIDE_PX: Final = 128


def check_suitable(movie: Movie, taken: Taken, aligned: AlignedMovie) -> None:
    """Raise `CannotSuperResolve` for frames that are few, resampled or did not move."""
    if movie.frames < LEAST_FRAMES:
        raise CannotSuperResolve(
            f"The movie has {movie.frames} frames; separating aliases needs {LEAST_FRAMES} or more."
        )
    if min(movie.height_px, movie.width_px) < LEAST_SIDE_PX:
        raise CannotSuperResolve(
            f"The frames are {movie.width_px} x {movie.height_px} pixels; "
            f"at least {LEAST_SIDE_PX} a side are needed."
        )
    if taken.magnification is not None:
        raise CannotSuperResolve(
            "The magnification is anisotropic here, for which no finer image is made; "
            "use the corrected sum."
        )
    if not aligned.aligned:
        raise CannotSuperResolve(
            "The motion of this movie could not be measured, and aliases are told apart by it."
        )
    if _is_resampled(movie):
        raise CannotSuperResolve(
            "The frames are not whole counts: they were cropped or resampled, which removes what "
            "lies beyond their pixels. Save frames as the camera counts them."
        )
    moved = aligned.shifts_angstrom / aligned.pixel_size_angstrom
    reach = float(np.hypot(*(moved.max(axis=0) - moved.min(axis=0))))
    if reach < LEAST_MOTION_PX:
        raise CannotSuperResolve(
            f"The specimen moved by {reach:.2f} pixels during the movie; with less than "
            f"{LEAST_MOTION_PX:g} pixel every frame holds the same samples."
        )


def _is_resampled(movie: Movie) -> bool:
    frame = movie.read(0)
    if np.issubdtype(frame.dtype, np.integer):
        return False
    values = frame[:: max(1, frame.shape[0] // 64)].astype(np.float64)
    return bool(np.any(values != np.rint(values)) or np.any(values < 0))
