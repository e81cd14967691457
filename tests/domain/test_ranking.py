"""A grid's verdict follows what was seen, and says why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartscope.domain.particles import fewest_particles
from smartscope.domain.ranking import (
    PRIOR_SUCCESS,
    Exposed,
    Fault,
    fault_of,
    rank,
    success_rate,
    usable,
)
from smartscope.domain.usable_share import UsableShare
from smartscope.domain.verdict import Evidence, Verdict

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


def test_ice_that_is_rare_does_not_speak_against_a_grid_because_it_was_shown() -> None:
    """Three of nine exposures, of every kind of ice alike; most holes are of the usable kind."""
    shown = replace(GOOD, exposures_good=3)
    assert rank(shown).verdict is Verdict.RESCREEN
    weighed = rank(replace(shown, share=UsableShare(0.85, 4.0)))
    assert weighed.verdict is Verdict.COLLECT
    assert weighed.success_rate == success_rate(3.4, 4.0)
    assert any(
        "3 of 9 exposures were usable, which stand for 85 % of the holes" in reason
        for reason in weighed.reasons
    )


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


def of_demo(**seen: object) -> Evidence:
    """What a night found on a grid of the demo, three squares and nine exposures of each."""
    return replace(GOOD, squares_found=125, squares_imaged=3, exposures_judged=9, **seen)  # type: ignore[arg-type]


def test_a_dirty_grid_with_many_holes_is_looked_at_again_and_says_what_to_do() -> None:
    grid = of_demo(
        good_squares=49,
        worst_class="contaminated",
        worst_class_count=50,
        holes_seen=1844,
        holes_in_range=1068,
        exposures_good=9,
    )
    ranking = rank(grid)
    assert ranking.expected_usable_holes > 10_000
    assert ranking.verdict is Verdict.RESCREEN
    assert ranking.reasons[0] == (
        "Only 49 of 125 squares look good, 50 are contaminated: "
        "choose clean squares by hand, or clip a cleaner grid."
    )
    assert ranking.reasons[1] == "1,068 of 1,844 holes in 3 imaged squares are in range."


def test_each_kind_of_bad_grid_is_told_in_its_own_words() -> None:
    few = {"good_squares": 49, "worst_class_count": 46, "exposures_good": 9}
    first = [
        rank(of_demo(worst_class=name, **few)).reasons[0]
        for name in ("contaminated", "cracked", "partial", "small", "dry", "unheard of")
    ]
    assert len(set(first)) == len(first)


def test_exposures_that_mostly_fail_speak_against_collecting() -> None:
    ranking = rank(of_demo(good_squares=100, exposures_good=4))
    assert ranking.verdict is Verdict.RESCREEN
    assert "only 4 of 9 exposures were usable" in ranking.reasons[0].lower()


def test_nothing_is_recommended_before_a_few_exposures_were_judged() -> None:
    ranking = rank(replace(GOOD, exposures_judged=2, exposures_good=2))
    assert ranking.verdict is Verdict.UNDECIDED
    assert "only 2 exposures were judged" in ranking.reasons[0]


def test_a_clean_grid_with_too_little_on_it_is_no_days_work() -> None:
    ranking = rank(replace(GOOD, squares_found=6, good_squares=6))
    assert 400 < ranking.expected_usable_holes < 2_500
    assert ranking.verdict is Verdict.RESCREEN
    assert "less than a day" in ranking.reasons[0]


@given(
    good=st.integers(0, 125),
    imaged=st.integers(0, 5),
    seen=st.integers(0, 2_000),
    judged=st.integers(0, 30),
    share=st.floats(0, 1),
    ice_nm=st.none() | st.floats(1, 300),
)
def test_collecting_is_suggested_only_where_nothing_speaks_against_it(
    good: int, imaged: int, seen: int, judged: int, share: float, ice_nm: float | None
) -> None:
    grid = replace(
        GOOD,
        squares_found=125,
        good_squares=good,
        squares_imaged=imaged,
        holes_seen=seen,
        holes_in_range=round(seen * share),
        exposures_judged=judged,
        exposures_good=round(judged * share),
        ice_median_nm=ice_nm,
    )
    ranking = rank(grid)
    assert ranking.reasons
    if ranking.verdict is Verdict.COLLECT:
        assert ranking.expected_usable_holes >= 2_500
        assert good > 62
        assert judged >= 3
        assert ice_nm is None or 10.0 <= ice_nm <= 100.0


@pytest.mark.parametrize(
    ("exposure", "fault"),
    [
        (Exposed("", 12.0, 40.0, 4.5), None),
        (Exposed("", None, None, None), None),
        (Exposed("", 31.0, 40.0, 4.5), Fault.DRIFT),
        (Exposed("", 12.0, 130.0, 4.5), Fault.ICE),
        (Exposed("", 12.0, 40.0, 6.1), Fault.CTF),
        (Exposed("", 12.0, 40.0, None, ctf_refused=True), Fault.NO_RINGS),
        (Exposed("", 12.0, 40.0, 4.5, False, "foil", 0.9), Fault.FOIL),
        (Exposed("", 12.0, 40.0, 4.5, False, "foil", 0.5), None),
        (Exposed("", 12.0, 40.0, 4.5, False, "no_particles", 0.99), None),
        (Exposed("", 12.0, 40.0, 4.5, False, "unknown", 0.99), None),
        (Exposed("", 12.0, 40.0, None, True, "contaminated", 0.9), Fault.CONTAMINATED),
        (Exposed("good", 12.0, 40.0, 4.5, False, "contaminated", 0.99), None),
        (Exposed("good", 31.0, 130.0, None, ctf_refused=True), None),
        (Exposed("bad", 1.0, 40.0, 3.0), Fault.LABEL),
    ],
)
def test_an_exposure_fails_for_the_first_thing_that_is_wrong(
    exposure: Exposed, fault: Fault | None
) -> None:
    assert fault_of(exposure, ice_range_nm=(10.0, 100.0)) is fault
    assert usable(exposure, ice_range_nm=(10.0, 100.0)) is (fault is None)


def test_what_was_wrong_with_exposures_is_said() -> None:
    faults = ((Fault.CTF.value, 2), (Fault.NO_RINGS.value, 1))
    ranking = rank(replace(GOOD, exposures_good=6, exposure_faults=faults))
    assert any(
        "6 of 9 exposures were usable (2 CTF fit coarser than 6 Å, 1 no Thon rings)" in reason
        for reason in ranking.reasons
    )


SIX = [100, 120, 90, 110, 105, 0]


def test_an_exposure_is_empty_only_where_its_neighbours_show_particles() -> None:
    fewest = fewest_particles(SIX)
    assert fewest == pytest.approx(10.25)
    ice = (10.0, 100.0)
    empty = Exposed("", 12.0, 40.0, 4.5, particles=0)
    assert fault_of(empty, ice_range_nm=ice, fewest_particles=fewest) is Fault.EMPTY
    assert usable(replace(empty, particles=90), ice_range_nm=ice, fewest_particles=fewest)
    assert usable(replace(empty, label="good"), ice_range_nm=ice, fewest_particles=fewest)
    # small molecules cannot be seen: counts of nought all over say nothing of one exposure
    assert fewest_particles([0, 1, 0, 2, 0, 0]) is None
    assert fewest_particles(SIX[:4]) is None
    assert usable(empty, ice_range_nm=ice, fewest_particles=None)


def test_particles_are_told_and_a_grid_without_any_is_looked_at_again() -> None:
    ranking = rank(replace(GOOD, particles_counted=8, particles_usual=120.0))
    assert ranking.verdict is Verdict.COLLECT
    said = 120 * ranking.expected_usable_holes
    assert any(f"about {said:,.0f} on the grid" in reason for reason in ranking.reasons)
    few = rank(replace(GOOD, particles_counted=3))
    assert any("in 3 usable exposures; 5 are needed" in reason for reason in few.reasons)
    none = rank(replace(GOOD, particles_counted=8, particles_usual=0.0))
    assert none.verdict is Verdict.RESCREEN
    assert "No particle was seen in most of 8 usable exposures" in none.reasons[0]
