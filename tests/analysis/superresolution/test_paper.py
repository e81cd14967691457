"""The published network runs on a movie where torch is installed, and says so where it is not."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from smartscope.analysis.movies.prepare import prepare
from smartscope.analysis.superresolution.noise import whitened
from smartscope.analysis.superresolution.paper_views import (
    VIEWS,
    MovedSums,
    given_views,
    halved,
    training_pairs,
)
from smartscope.domain.errors import InvalidInput
from tests.analysis.superresolution.fine_scene import TAKEN, aligned, movie, path, scene, shifted

SHAPE, FRAMES = (128, 128), 16


def test_views_are_copies_of_one_sum_that_lie_elsewhere() -> None:
    shifts = path(FRAMES, reach_px=3.0)
    frames = movie(scene(SHAPE), shifts, counts=20.0)
    sums = MovedSums(prepare(frames, None), shifts)
    views = sums.views(range(FRAMES), [2, 14])
    apart = shifts[14] - shifts[2]
    moved = shifted(views[0], *apart)
    assert np.corrcoef(moved.ravel(), views[1].ravel())[0, 1] > 0.97
    assert np.corrcoef(views[0].ravel(), views[1].ravel())[0, 1] < 0.9


def test_pairs_keep_early_and_late_frames_apart() -> None:
    shifts = path(FRAMES, reach_px=3.0)
    frames = movie(scene(SHAPE), shifts, counts=20.0)
    sums = MovedSums(prepare(frames, None), shifts)
    pairs = training_pairs(sums, 3, np.random.default_rng(1))
    assert all(pair.views.shape == (VIEWS, *SHAPE) for pair in pairs)
    early = sums.views(range(FRAMES // 2), [0])[0]
    assert np.allclose(pairs[0].target, early, atol=1e-3)
    given = given_views(sums, range(FRAMES), np.random.default_rng(2))
    assert given.shape == (VIEWS, *SHAPE)
    assert halved(given).shape == (VIEWS, 64, 64)


def test_the_network_learns_on_one_movie_and_keeps_its_counts() -> None:
    pytest.importorskip("torch")
    from smartscope.analysis.superresolution.paper import learnt
    from smartscope.analysis.superresolution.paper_training import PaperSettings

    shifts = path(FRAMES, reach_px=3.0)
    frames = movie(scene(SHAPE), shifts, counts=40.0)
    small = PaperSettings(crop_px=32, batch=2, most_steps=3, pairs=2)
    found = learnt(prepare(frames, None), TAKEN, aligned(frames, shifts), small)
    assert found.pixels.shape == (256, 256)
    assert found.pixels.mean() == pytest.approx(FRAMES * 40.0 / 4, rel=0.02)
    # what the movie's pixels show is kept by back-projection
    coarse = aligned(frames, shifts).sums.plain
    assert np.corrcoef(4 * halved(found.pixels).ravel(), coarse.ravel())[0, 1] > 0.98
    with pytest.raises(InvalidInput, match="not known"):
        whitened(found)


def test_without_torch_it_is_absent_with_a_reason_and_shows_its_card() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            (
                "import sys; sys.modules['torch'] = None\n"
                "from smartscope.analysis import registry\n"
                "print(registry.card('zssr-paper').name)\n"
                "print([each.reason for each in registry.survey()[1] if each.name == 'zssr-paper'])"
            ),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told.startswith("zssr-paper")
    assert "needs torch, which is not installed here" in told
