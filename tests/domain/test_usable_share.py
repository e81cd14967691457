"""The share of usable holes is the grid's, however many of each kind of ice were exposed."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartscope.domain.usable_share import Kind, usable_share

kinds = st.lists(
    st.builds(
        lambda square, grey, holes, judged, good: Kind(
            square=square,
            grey=grey,
            in_range=holes + judged,
            judged=judged,
            usable=min(good, judged),
        ),
        st.integers(0, 3),
        st.floats(0.1, 1.0) | st.none(),
        st.integers(0, 500),
        st.integers(0, 6),
        st.integers(0, 6),
    ),
    max_size=12,
)


def kind(in_range: int, judged: int, usable: int, grey: float | None = 0.5) -> Kind:
    return Kind(square="a", grey=grey, in_range=in_range, judged=judged, usable=usable)


def test_nothing_is_said_before_anything_was_judged() -> None:
    assert usable_share([]) is None
    assert usable_share([kind(300, 0, 0)]) is None


def test_a_rare_kind_that_fails_counts_as_rarely_as_it_occurs() -> None:
    found = usable_share([kind(180, 3, 3, 0.8), kind(10, 3, 0, 0.6), kind(10, 3, 0, 0.4)])
    assert found is not None
    assert found.share == pytest.approx(0.9)
    # nine exposures, of which six say next to nothing of most holes
    assert 3.0 < found.exposures < 4.0


def test_equal_shares_of_every_kind_count_as_they_are() -> None:
    found = usable_share([kind(200, 20, 15, 0.8), kind(100, 10, 2, 0.6)])
    assert found is not None
    assert found.share == pytest.approx(17 / 30)
    assert found.exposures == pytest.approx(30.0)


def test_a_kind_nobody_exposed_is_taken_for_the_nearest_of_its_square() -> None:
    found = usable_share([kind(10, 2, 0, 0.3), kind(10, 2, 2, 0.8), kind(80, 0, 0, 0.7)])
    assert found is not None
    assert found.share == pytest.approx(0.9)
    elsewhere = replace(kind(5000, 0, 0, 0.7), square="b")
    assert usable_share([kind(10, 2, 1), elsewhere]) == usable_share([kind(10, 2, 1)])


@given(kinds=kinds)
def test_the_share_lies_between_what_was_seen_and_no_weight_makes_exposures(
    kinds: list[Kind],
) -> None:
    found = usable_share(kinds)
    judged = sum(each.judged for each in kinds)
    assert (found is None) == (judged == 0)
    if found is not None:
        shares = [each.usable / each.judged for each in kinds if each.judged]
        assert min(shares) - 1e-9 <= found.share <= max(shares) + 1e-9
        assert 0.0 < found.exposures <= judged + 1e-6


def test_samples_of_equal_size_from_unequal_kinds_tell_the_true_share() -> None:
    """Three of each kind in 400 simulated squares: counts are biased, the weighed share is not."""
    draw = random.Random(4)
    sizes, chances = (150, 40, 10), (0.9, 0.4, 0.1)
    truth = sum(n * p for n, p in zip(sizes, chances, strict=True)) / sum(sizes)
    seen = [
        Kind(
            square=square,
            grey=chance,
            in_range=size,
            judged=3,
            usable=sum(draw.random() < chance for _ in range(3)),
        )
        for square in range(400)
        for size, chance in zip(sizes, chances, strict=True)
    ]
    found = usable_share(seen)
    counted = sum(each.usable for each in seen) / sum(each.judged for each in seen)
    assert found is not None
    assert abs(found.share - truth) < 0.02
    assert abs(counted - truth) > 0.25
