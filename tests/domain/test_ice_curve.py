"""A curve of ice tells thin from good and thick from good, and nothing before enough was seen."""

from __future__ import annotations

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from smartscope.domain.ice_curve import LEAST_JUDGED, LEAST_OF_EACH, fit_curve


def judged(low_nm: float, high_nm: float, count: int = 60) -> list[tuple[float, bool]]:
    """Thicknesses from 5 to 300 nm, good between two limits, one in ten against the rule."""
    drawn = random.Random(4)
    thickness = [5.0 * 60.0 ** (n / (count - 1)) for n in range(count)]
    return [(nm, (low_nm < nm < high_nm) != (drawn.random() < 0.1)) for nm in thickness]


def test_thin_ice_that_went_wrong_is_promised_less() -> None:
    curve = fit_curve(judged(25.0, math.inf))
    assert curve is not None
    assert curve.chance(8.0) < 0.3 < 0.7 < curve.chance(80.0)


def test_both_ends_may_be_bad() -> None:
    curve = fit_curve(judged(15.0, 110.0))
    assert curve is not None
    assert curve.chance(6.0) < curve.chance(40.0) > curve.chance(280.0)
    assert curve.chance(40.0) > 0.6


def test_nothing_is_told_of_few_or_of_one_outcome() -> None:
    assert fit_curve(judged(25.0, math.inf)[: LEAST_JUDGED - 1]) is None
    assert fit_curve([(30.0 + n, True) for n in range(100)]) is None
    few = [(30.0 + n, n >= LEAST_OF_EACH - 1) for n in range(100)]
    assert fit_curve(few) is None


@given(
    st.lists(st.tuples(st.floats(0.0, 1000.0), st.booleans()), min_size=LEAST_JUDGED, max_size=60),
    st.floats(0.0, 1000.0),
)
def test_a_chance_is_a_chance(seen: list[tuple[float, bool]], ice_nm: float) -> None:
    curve = fit_curve(seen)
    assert curve is None or 0.0 <= curve.chance(ice_nm) <= 1.0


def test_order_does_not_matter() -> None:
    seen = judged(25.0, 110.0)
    one, other = fit_curve(seen), fit_curve(seen[::-1])
    assert one is not None
    assert other is not None
    assert math.isclose(one.chance(50.0), other.chance(50.0), rel_tol=1e-9)
