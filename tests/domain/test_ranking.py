"""A grid's verdict follows what was seen, and says why."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from smartscope.domain.ranking import PRIOR_SUCCESS, Evidence, Verdict, rank, success_rate

GOOD = Evidence(
    atlas_analysed=True,
    squares_found=100,
    good_squares=60,
    squares_imaged=3,
    holes_seen=900,
    holes_in_range=780,
    exposures_judged=9,
    exposures_good=8,
    ice_median_nm=42.0,
    ice_min_nm=10.0,
    ice_max_nm=100.0,
)


@given(tried=st.integers(0, 500), share=st.floats(0, 1))
def test_the_rate_lies_between_the_prior_and_what_was_seen(tried: int, share: float) -> None:
    good = round(tried * share)
    seen = good / tried if tried else PRIOR_SUCCESS
    low, high = sorted((seen, PRIOR_SUCCESS))
    assert low - 1e-9 <= success_rate(good, tried) <= high + 1e-9


def test_many_trials_outweigh_the_prior() -> None:
    assert abs(success_rate(900, 1000) - 0.9) < 0.01


def test_a_good_grid_is_worth_collecting_and_says_why() -> None:
    ranking = rank(GOOD)
    assert ranking.verdict is Verdict.COLLECT
    assert ranking.expected_usable_holes == ranking.holes_in_range * ranking.success_rate
    assert any("8 of 9 exposures" in reason for reason in ranking.reasons)


def test_thick_ice_discards_a_grid_in_words() -> None:
    ranking = rank(replace(GOOD, holes_in_range=0, ice_median_nm=180.0, exposures_good=0))
    assert ranking.verdict is Verdict.DISCARD
    assert any("too thick" in reason for reason in ranking.reasons)


def test_nothing_is_claimed_before_the_atlas_was_analysed() -> None:
    ranking = rank(replace(GOOD, atlas_analysed=False, squares_imaged=0))
    assert ranking.verdict is Verdict.UNDECIDED
    assert ranking.reasons == ("No atlas has been analysed yet.",)


def test_a_grid_without_good_squares_is_discarded() -> None:
    ranking = rank(replace(GOOD, good_squares=0, squares_imaged=0, holes_seen=0, holes_in_range=0))
    assert ranking.verdict is Verdict.DISCARD
