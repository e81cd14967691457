"""Pickers are weighed, not counted: cliques hold one pick of each, all within reach of all."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike

from smartscope.analysis.base import UnusableImage
from smartscope.analysis.picking.consensus import cliques, consensus, relative_sureness
from smartscope.analysis.picking.picks import Picks
from smartscope.training.picking.consensus_fit import best_threshold, fitted

STRONG, WEAK = "matched-picker", "intensity-clusters"


def picks(centres: ArrayLike, scores: ArrayLike, threshold: float = 1.0) -> Picks:
    return Picks(
        centres_px=np.asarray(centres, dtype=float).reshape(-1, 2),
        scores=np.asarray(scores, dtype=float),
        threshold=threshold,
        diameter_angstrom=150.0,
    )


def test_near_picks_of_two_pickers_are_one_particle_and_of_one_picker_two() -> None:
    one, other = picks([[10, 10], [15, 10]], [3, 2]), picks([[11, 10]], [2])
    found = cliques([one, other], diameter_px=40.0)
    assert len(found.centres_px) == 2
    assert np.isfinite(found.sureness).sum() == 3
    joined = np.isfinite(found.sureness).all(axis=1)
    assert found.centres_px[joined] == pytest.approx(np.array([[10.5, 10.0]]))


def test_a_chain_of_three_pickers_is_no_clique() -> None:
    row = [picks([[x, 10]], [2]) for x in (0, 10, 20)]
    found = cliques(row, diameter_px=40.0)
    assert sorted(np.isfinite(found.sureness).sum(axis=1)) == [1, 2]


def test_the_stronger_picker_is_believed_alone_and_the_weaker_is_not() -> None:
    strong = picks([[50, 50], [200, 200], [250, 50]], [9, 8, -5])
    weak = picks([[51, 50], [400, 400]], [2, 2])
    found = consensus({STRONG: strong, WEAK: weak}, diameter_px=40.0)
    kept = found.centres_px[found.scores >= found.threshold]
    assert sorted(map(tuple, np.rint(kept).tolist())) == [(50, 50), (200, 200)]
    assert found.scores[0] > found.scores[1]


def test_nobody_sure_is_a_reason_and_a_stranger_is_refused() -> None:
    assert consensus({STRONG: picks([], [])}, diameter_px=40.0).reason
    with pytest.raises(UnusableImage, match="No weight was fitted for stranger"):
        consensus({"stranger": picks([], [])}, diameter_px=40.0)


def test_half_sure_is_at_the_threshold() -> None:
    assert relative_sureness(picks([[1, 1], [2, 2]], [1.0, 5.0]))[0] == 0.5


def test_fitting_finds_who_tells_particles() -> None:
    random = np.random.default_rng(1)
    right = random.uniform(size=400) < 0.4
    telling = np.where(right, 1.0, 0.0) + random.normal(0.0, 0.2, 400)
    weights = fitted(np.column_stack([telling, random.normal(size=400)]), right)
    assert weights[0] > 5.0 * abs(weights[1])
    odds = 1.0 / (1.0 + np.exp(-(telling * weights[0] + weights[-1])))
    assert ((odds >= best_threshold(odds, right)) == right).mean() > 0.95
