"""Frames come in the order asked for, few are in memory, and a broken one is told in its turn."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np
import pytest

from smartscope.analysis.io.read_ahead import read_ahead
from smartscope.domain.errors import BadFile


@dataclass
class CountedMovie:
    """Frame n is full of n; frame 13 is broken; it counts what was read."""

    frames: int = 20
    height_px: int = 4
    width_px: int = 5
    pixel_size_angstrom: float | None = None
    read_so_far: list[int] = field(default_factory=list)

    def read(self, index: int) -> np.ndarray:
        self.read_so_far.append(index)
        if index == 13:
            raise BadFile("Frame 13 is broken.")
        return np.full((self.height_px, self.width_px), index, dtype=np.uint8)


def test_order_is_kept() -> None:
    order = [5, 0, 7, 7, 19, 1]
    found = [int(frame[0, 0]) for frame in read_ahead(CountedMovie(), order, threads=3)]
    assert found == order


def test_no_more_are_read_than_threads_ahead() -> None:
    movie = CountedMovie()
    frames = read_ahead(movie, range(12), threads=2)
    for number in range(5):
        next(frames)
        assert len(movie.read_so_far) <= number + 1 + 2
    frames.close()  # type: ignore[attr-defined]


def test_a_broken_frame_is_told_when_its_turn_comes_and_no_thread_stays() -> None:
    got: list[int] = []
    with pytest.raises(BadFile, match="Frame 13"):
        got.extend(int(frame[0, 0]) for frame in read_ahead(CountedMovie(), range(20)))
    assert got == list(range(13))
    assert not [t for t in threading.enumerate() if t.name.startswith("read-ahead")]
