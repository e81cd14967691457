"""The scoring rule: one pick, one particle; borders and dirt count for nobody."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike

from smartscope.analysis.picking.picks import Picks
from smartscope.analysis.picking.scoring import Truth, score_image, score_set

SHAPE = (400, 400)
DIAMETER_PX = 40.0


def picks(centres: ArrayLike, scores: ArrayLike, threshold: float = 0.5) -> Picks:
    return Picks(
        centres_px=np.asarray(centres, dtype=float).reshape(-1, 2),
        scores=np.asarray(scores, dtype=float),
        threshold=threshold,
        diameter_angstrom=None,
    )


def truth(centres: ArrayLike, **more: np.ndarray) -> Truth:
    places = np.asarray(centres, dtype=float).reshape(-1, 2)
    return Truth(centres_px=places, diameter_px=DIAMETER_PX, shape=SHAPE, **more)


def test_a_second_pick_of_one_particle_is_false() -> None:
    seen = score_image(picks([[100, 100], [104, 100]], [0.9, 0.8]), truth([[101, 100]]))
    assert (seen.places, seen.picked, seen.paired) == (1, 2, 1)


def test_as_many_pairs_as_there_can_be_even_where_the_nearest_would_leave_one_alone() -> None:
    seen = score_image(picks([[100, 100], [115, 100]], [0.9, 0.8]), truth([[110, 100], [125, 100]]))
    assert seen.paired == 2
    assert seen.offsets == pytest.approx([10 / 40, 10 / 40])


def test_a_pick_just_half_a_diameter_away_is_false() -> None:
    assert score_image(picks([[120, 100]], [0.9]), truth([[100, 100]])).paired == 0
    assert score_image(picks([[119.9, 100]], [0.9]), truth([[100, 100]])).paired == 1


def test_borders_and_masked_zones_are_dropped_from_both_sides() -> None:
    masked = np.zeros(SHAPE, dtype=bool)
    masked[200:, :] = True
    seen = score_image(
        picks([[10, 100], [100, 300], [100, 100]], [0.9, 0.9, 0.9]),
        truth([[12, 100], [100, 305], [100, 100]], masked=masked),
    )
    assert (seen.places, seen.picked, seen.paired) == (1, 1, 1)


def test_a_broken_particle_is_neither_right_nor_wrong() -> None:
    broken = np.array([[200.0, 200.0]])
    seen = score_image(
        picks([[100, 100], [202, 200]], [0.9, 0.9]), truth([[100, 100]], unsure_px=broken)
    )
    assert (seen.places, seen.picked, seen.paired) == (1, 1, 1)


def test_numbers_of_a_set_follow_from_its_counts() -> None:
    one = score_image(
        picks([[100, 100], [300, 300], [200, 100]], [0.9, 0.8, 0.1]),
        truth([[100, 105], [200, 100]]),
    )
    found = score_set([one, one])
    assert found.precision == 0.5
    assert found.recall == 0.5
    assert found.f1 == 0.5
    assert found.f1_centred == 0.5
    assert found.average_precision == pytest.approx((1 + 2 / 3) / 2, abs=0.1)
    assert found.median_offset == pytest.approx(5 / 40)
    assert found.f1_low == found.f1_high == 0.5


def test_average_precision_of_a_perfect_order_is_one() -> None:
    one = score_image(
        picks([[100, 100], [200, 100], [300, 300]], [3, 2, 1]), truth([[100, 100], [200, 100]])
    )
    assert score_set([one]).average_precision == 1.0


def test_nothing_picked_where_something_is_scores_nothing() -> None:
    found = score_set([score_image(picks([], []), truth([[100, 100]]))])
    assert (found.precision, found.recall, found.f1, found.average_precision) == (0, 0, 0, 0)
