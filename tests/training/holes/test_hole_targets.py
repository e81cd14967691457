"""What the hole network is asked to answer agrees with the labels, wherever the scale puts them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from smartscope.analysis.detection.hole_film import peaks
from smartscope.analysis.networks.hole_input import hole_input
from smartscope.training.holes.crops import Pool, nothing, prepare
from smartscope.training.holes.targets import MAPS, hole_targets, is_hidden
from smartscope.training.samples import SquareSample
from smartscope.training.split import Split
from smartscope.training.square_images import stream_square_images


@pytest.fixture(scope="module")
def sample() -> SquareSample:
    """The first tuning square of seed 7 on which at least 50 holes can be seen."""
    stream = stream_square_images(7, Split.TUNE)
    return next(s for s in stream if sum(not is_hidden(hole) for hole in s.holes) >= 50)


def test_summits_of_the_centre_map_are_the_visible_holes(sample: SquareSample) -> None:
    pitch = float(np.linalg.norm(np.array(sample.lattice_px), axis=0).mean())
    pixels = sample.pixels.astype(np.float32)
    prepared = hole_input(pixels, np.ones(pixels.shape, dtype=np.bool_), pitch)
    assert prepared is not None
    maps = hole_targets(sample, prepared).maps
    where, heights = peaks(maps[0], np.ones(maps[0].shape, dtype=np.bool_), 4.0)
    scale = 2 * prepared.scale
    found = where[heights > 0.5] * scale + (scale - 1) / 2
    visible = np.array([hole.centre_px for hole in sample.holes if not is_hidden(hole)])
    inside = ((visible > 2 * scale) & (visible < np.array(pixels.shape[::-1]) - 3 * scale)).all(1)
    apart = np.linalg.norm(visible[inside][:, None] - found[None], axis=2).min(axis=1)
    assert np.percentile(apart, 98) < 0.05 * pitch
    assert len(found) <= len(visible)


def test_holes_nobody_could_see_do_not_count(sample: SquareSample) -> None:
    prepared = prepare(sample, 1.0)
    assert prepared is not None
    hidden = sum(is_hidden(hole) for hole in sample.holes)
    assert (prepared.weights[0].min() == 0.0) == (hidden > 0)
    assert prepared.maps.shape[0] == len(MAPS)


def test_nothing_is_a_crop_without_targets() -> None:
    random = np.random.default_rng(1)
    for _ in range(12):
        crop = nothing(random)
        assert crop.planes.shape == (2, 256, 256)
        assert not crop.maps.any()


def test_the_same_seed_and_step_give_the_same_batch(sample: SquareSample) -> None:
    pools = [Pool(itertools.repeat(sample), seed=3, size=2) for _ in range(2)]
    for pool in pools:
        pool.advance()
    first, second = (pool.batch(5, 3) for pool in pools)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    other = pools[0].batch(6, 3)
    assert not np.array_equal(first[0], other[0])
