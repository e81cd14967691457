"""Movie aligners as plug-ins: what one must do, and the one that moves whole frames."""

from __future__ import annotations

from importlib.resources import files
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import Plugin
from smartscope.analysis.io.movie import Movie
from smartscope.analysis.manifest import Manifest, read_manifest
from smartscope.analysis.movies.align import AlignedMovie, EachGroup, align_movie


@runtime_checkable
class MovieAligner(Plugin, Protocol):
    """Measures how the specimen moved from frame to frame, undoes it and sums."""

    def align(
        self,
        movie: Movie,
        *,
        pixel_size_angstrom: float,
        dose_per_frame_e_per_a2: float | None,
        gain: NDArray[np.generic] | None,
        each_group: EachGroup | None = None,
    ) -> AlignedMovie:
        """The aligned sum and the motion; `gain` (height, width) multiplies each frame.

        `each_group` is handed the aligned sum of each 4 e/Å² or so.
        """
        ...


class WholeFrameAligner:
    """Shifts frames as a whole, by robust least squares over pairs of them."""

    def __init__(self) -> None:
        self._manifest = read_manifest(files("smartscope.analysis.movies") / "whole_frame.toml")

    @property
    def manifest(self) -> Manifest:
        """Name, version, declared duration."""
        return self._manifest

    def align(
        self,
        movie: Movie,
        *,
        pixel_size_angstrom: float,
        dose_per_frame_e_per_a2: float | None,
        gain: NDArray[np.generic] | None,
        each_group: EachGroup | None = None,
    ) -> AlignedMovie:
        """See `align_movie`."""
        return align_movie(
            movie,
            pixel_size_angstrom=pixel_size_angstrom,
            dose_per_frame_e_per_a2=dose_per_frame_e_per_a2,
            gain=gain,
            each_group=each_group,
        )
