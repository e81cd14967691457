"""Frames as delivered, kept after they were decoded once, where a movie is small enough."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.io.movie import Movie

#: a K3's forty frames of bytes fit
HELD_BYTES: Final = 1 << 30


class HeldMovie:
    """A movie whose frames are decoded once; beyond `HELD_BYTES` each time they are asked for.

    Frames handed out are not to be written to.
    """

    def __init__(self, movie: Movie) -> None:
        self._movie = movie
        self.frames = movie.frames
        self.height_px = movie.height_px
        self.width_px = movie.width_px
        self.pixel_size_angstrom = movie.pixel_size_angstrom
        self._held: dict[int, NDArray[np.generic]] = {}

    def read(self, index: int) -> NDArray[np.generic]:
        """Frame `index`, by any thread. Raises `BadFile` when it is broken."""
        held = self._held.get(index)
        if held is not None:
            return held
        frame = self._movie.read(index)
        if frame.nbytes * self.frames <= HELD_BYTES:
            self._held[index] = frame
        return frame
