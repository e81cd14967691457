"""Pairs are made of frames and of tilts as the paper makes them, or refused in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from smartscope.analysis.base import UnusableImage
from smartscope.analysis.denoising.care import CareDenoiser
from smartscope.analysis.denoising.pairs import (
    denoise_tilts,
    even_and_odd,
    first_and_last,
    neighbours,
)
from smartscope.analysis.movies.align import Taken, align_movie
from tests.analysis.denoising.noisy_pair import PIXEL_ANGSTROM, noisy_pair, of_truth


@dataclass(frozen=True)
class Frames:
    """A movie in memory."""

    counts: NDArray[np.uint16]
    pixel_size_angstrom: float | None = PIXEL_ANGSTROM

    @property
    def frames(self) -> int:
        return len(self.counts)

    @property
    def height_px(self) -> int:
        return int(self.counts.shape[1])

    @property
    def width_px(self) -> int:
        return int(self.counts.shape[2])

    def read(self, index: int) -> NDArray[np.uint16]:
        frame: NDArray[np.uint16] = self.counts[index]
        return frame


def counted(frames: int) -> Frames:
    """Frames that say in their mean which they are."""
    random = np.random.default_rng(1)
    means = 20.0 + 10.0 * np.arange(frames)
    return Frames(np.array([random.poisson(mean, (96, 96)) for mean in means], dtype=np.uint16))


def test_first_and_last_are_the_halves_of_the_movie_without_the_middle() -> None:
    pair = first_and_last(counted(5), pixel_size_angstrom=PIXEL_ANGSTROM)
    assert float(pair.even.mean()) == pytest.approx(20 + 30, rel=0.01)
    assert float(pair.odd.mean()) == pytest.approx(50 + 60, rel=0.01)


def test_even_and_odd_come_from_the_aligned_movie() -> None:
    movie = counted(4)
    pair = even_and_odd(align_movie(movie, Taken(pixel_size_angstrom=PIXEL_ANGSTROM)))
    assert float(pair.even.mean()) == pytest.approx(20 + 40, rel=0.01)
    assert float(pair.odd.mean()) == pytest.approx(30 + 50, rel=0.01)


def test_one_frame_is_no_pair() -> None:
    movie = counted(1)
    with pytest.raises(UnusableImage, match="single frame"):
        first_and_last(movie, pixel_size_angstrom=PIXEL_ANGSTROM)
    with pytest.raises(UnusableImage, match="single frame"):
        even_and_odd(align_movie(movie, Taken(pixel_size_angstrom=PIXEL_ANGSTROM)))


def test_neighbours_are_nearest_in_angle_not_in_order() -> None:
    assert neighbours([0.0, 9.0, -3.0, 6.0]) == [(0, 2), (1, 3), (2, 0), (3, 1)]
    with pytest.raises(UnusableImage, match="no neighbours"):
        neighbours([0.0])


def test_tilts_are_restored_each_by_itself() -> None:
    pair = noisy_pair(256)
    denoiser = CareDenoiser()
    clean = denoise_tilts(
        [pair.even, pair.odd],
        [0.0, 3.0],
        denoiser.restore,
        denoiser.manifest,
        pixel_size_angstrom=PIXEL_ANGSTROM,
    )
    assert [each.method for each in clean] == 2 * ["care-p2p (neighbouring tilts)"]
    assert not np.array_equal(clean[0].pixels, clean[1].pixels)
    for each in clean:
        assert float(each.pixels.mean()) == pytest.approx(60.0, rel=0.02)
        assert of_truth(each.pixels, pair.truth)[0] > of_truth(pair.even, pair.truth)[0]
