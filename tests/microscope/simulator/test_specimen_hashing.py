"""Random numbers belong to places: order, tiling and neighbours cannot change them."""

from __future__ import annotations

import numpy as np

from smartscope.microscope.simulator.specimen.hashing import (
    Channel,
    key,
    normal,
    poisson,
    uniform,
    white,
)
from smartscope.microscope.simulator.specimen.noise import fbm, smooth


def test_a_number_depends_on_its_counters_and_not_on_its_neighbours() -> None:
    i, j = np.meshgrid(np.arange(-40, 40), np.arange(30), indexing="ij")
    whole = uniform(7, Channel.HOLE_SIZE, i, j)
    alone = uniform(7, Channel.HOLE_SIZE, -17, 21)
    assert whole[-17 + 40, 21] == alone[0]
    assert (uniform(7, Channel.HOLE_SIZE, i[::-1], j[::-1]) == whole[::-1]).all()


def test_seed_channel_and_every_counter_matter() -> None:
    base = uniform(7, Channel.HOLE_SIZE, 1, 2, 3)[0]
    others = [
        uniform(8, Channel.HOLE_SIZE, 1, 2, 3)[0],
        uniform(7, Channel.HOLE_FAULT, 1, 2, 3)[0],
        uniform(7, Channel.HOLE_SIZE, 2, 1, 3)[0],
        uniform(7, Channel.HOLE_SIZE, 1, 3, 2)[0],
        uniform(7, Channel.HOLE_SIZE, -1, 2, 3)[0],
    ]
    assert len({base, *others}) == 6


def test_uniform_and_normal_numbers_have_their_moments() -> None:
    u = uniform(3, Channel.SHOT, np.arange(200_000))
    assert abs(u.mean() - 0.5) < 0.003
    assert abs(u.var() - 1 / 12) < 0.001
    n = normal(3, Channel.SHOT, np.arange(200_000))
    assert abs(n.mean()) < 0.01
    assert abs(n.std() - 1) < 0.01


def test_poisson_inversion_has_the_right_mean_and_variance() -> None:
    u = uniform(3, Channel.DIRT_COUNT, np.arange(100_000))
    counts = poisson(u, np.full(u.shape, 3.7))
    assert abs(counts.mean() - 3.7) < 0.03
    assert abs(counts.var() - 3.7) < 0.08


def test_white_noise_is_white() -> None:
    image = white((512, 512), key(5, Channel.GAIN))
    assert abs(float(image.var()) - 1) < 0.01
    for lag in range(1, 9):
        assert abs(float((image[:, lag:] * image[:, :-lag]).mean())) < 0.008
        assert abs(float((image[lag:] * image[:-lag]).mean())) < 0.008


def test_smooth_noise_has_unit_variance_and_is_the_same_in_any_window() -> None:
    x, y = np.meshgrid(np.linspace(0, 600, 150), np.linspace(0, 600, 150))
    whole = smooth(11, Channel.ICE_TEXTURE, x, y, 5.0)
    assert abs(whole.std() - 1) < 0.05
    part = smooth(11, Channel.ICE_TEXTURE, x[60:80, 20:50], y[60:80, 20:50], 5.0)
    assert np.abs(part - whole[60:80, 20:50]).max() < 1e-9
    assert abs(fbm(11, Channel.ICE_TEXTURE, x, y, 8.0, 3).std() - 1) < 0.1
