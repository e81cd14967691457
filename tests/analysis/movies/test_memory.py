"""Large movies are streamed: two frames and what is read ahead are alive; small ones are kept."""

from __future__ import annotations

import weakref

import numpy as np
import pytest

from smartscope.analysis.io.read_ahead import threads_ahead
from smartscope.analysis.movies.align import Taken, align_movie


class WatchedMovie:
    """Counts how many of its frames are alive at once."""

    def __init__(self, frames: int) -> None:
        self.frames = frames
        self.height_px = self.width_px = 64
        self.pixel_size_angstrom = None
        self.most_alive = self.reads = 0
        self._alive: list[weakref.ref[np.ndarray]] = []

    def read(self, index: int) -> np.ndarray:
        self.reads += 1
        self._alive = [frame for frame in self._alive if frame() is not None]
        frame = np.random.default_rng(index).poisson(1.0, (64, 64)).astype(np.uint8)
        self._alive.append(weakref.ref(frame))
        self.most_alive = max(self.most_alive, len(self._alive))
        return frame


def aligned(movie: WatchedMovie) -> None:
    align_movie(movie, Taken(pixel_size_angstrom=2.0, dose_per_frame_e_per_a2=1.0))


def test_a_large_movie_is_never_held_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smartscope.analysis.movies.held.HELD_BYTES", 30 * 64 * 64 - 1)
    movie = WatchedMovie(30)
    aligned(movie)
    assert movie.most_alive <= 2 + threads_ahead(movie)
    assert movie.reads >= 60


def test_a_small_movie_is_decoded_once() -> None:
    movie = WatchedMovie(30)
    aligned(movie)
    assert movie.reads == 30
