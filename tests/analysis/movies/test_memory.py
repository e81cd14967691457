"""Frames are streamed: no more than two and what is read ahead are alive, and none is kept."""

from __future__ import annotations

import weakref

import numpy as np

from smartscope.analysis.io.read_ahead import DEFAULT_THREADS
from smartscope.analysis.movies.align import Taken, align_movie


class WatchedMovie:
    """Counts how many of its frames are alive at once."""

    def __init__(self, frames: int) -> None:
        self.frames = frames
        self.height_px = self.width_px = 64
        self.pixel_size_angstrom = None
        self.most_alive = 0
        self._alive: list[weakref.ref[np.ndarray]] = []

    def read(self, index: int) -> np.ndarray:
        self._alive = [frame for frame in self._alive if frame() is not None]
        frame = np.random.default_rng(index).poisson(1.0, (64, 64)).astype(np.uint8)
        self._alive.append(weakref.ref(frame))
        self.most_alive = max(self.most_alive, len(self._alive))
        return frame


def test_a_movie_is_never_held_in_memory() -> None:
    movie = WatchedMovie(30)
    align_movie(movie, Taken(pixel_size_angstrom=2.0, dose_per_frame_e_per_a2=1.0))
    assert movie.most_alive <= 2 + DEFAULT_THREADS
