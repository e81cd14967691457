"""Movie aligners as plug-ins: what one must do, and the two that are built in."""

from __future__ import annotations

from importlib.resources import files
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import BoolArray, Plugin
from smartscope.analysis.io.movie import Movie
from smartscope.analysis.manifest import Manifest, read_manifest
from smartscope.analysis.movies.align import AlignedMovie, Taken, align_movie
from smartscope.analysis.movies.sums import EachGroup


@runtime_checkable
class MovieAligner(Plugin, Protocol):
    """Measures how the specimen moved from frame to frame, undoes it and sums."""

    def align(
        self,
        movie: Movie,
        taken: Taken,
        *,
        gain: NDArray[np.generic] | None = None,
        defects: BoolArray | None = None,
        each_group: EachGroup | None = None,
    ) -> AlignedMovie:
        """The aligned sums and the motion; `gain` (height, width) multiplies each frame.

        `defects` (height, width) is True where a pixel is known to be bad. `each_group` is handed
        the aligned sum of each 4 e/Å² or so.
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
        taken: Taken,
        *,
        gain: NDArray[np.generic] | None = None,
        defects: BoolArray | None = None,
        each_group: EachGroup | None = None,
    ) -> AlignedMovie:
        """See `align_movie`."""
        return align_movie(
            movie, taken, gain=gain, defects=defects, local=False, each_group=each_group
        )


class LocalMotionAligner:
    """Shifts frames as a whole, then bends them where motion differs over the field."""

    def __init__(self) -> None:
        self._manifest = read_manifest(files("smartscope.analysis.movies") / "local_motion.toml")

    @property
    def manifest(self) -> Manifest:
        """Name, version, declared duration."""
        return self._manifest

    def align(
        self,
        movie: Movie,
        taken: Taken,
        *,
        gain: NDArray[np.generic] | None = None,
        defects: BoolArray | None = None,
        each_group: EachGroup | None = None,
    ) -> AlignedMovie:
        """See `align_movie`."""
        return align_movie(movie, taken, gain=gain, defects=defects, each_group=each_group)
