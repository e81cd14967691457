"""Two measures of one ice that contradict each other are a finding; within their errors they are
none.
"""

from __future__ import annotations

import pytest

from smartscope.domain.ice import Thickness, contradiction

THIN = Thickness(nm=30.0, error_nm=4.0)


def test_a_contradiction_says_both_numbers_and_what_to_look_at() -> None:
    said = contradiction(THIN, Thickness(nm=120.0, error_nm=6.0))
    assert "30 nm" in said
    assert "120 nm" in said
    assert "slit" in said


def test_what_lies_below_a_limit_contradicts_nothing() -> None:
    assert contradiction(THIN, Thickness(nm=50.0, error_nm=8.0, at_most=True)) == ""


def test_what_lies_above_a_limit_does() -> None:
    said = contradiction(
        Thickness(nm=120.0, error_nm=6.0), Thickness(nm=50.0, error_nm=8.0, at_most=True)
    )
    assert "under 50 nm" in said


@pytest.mark.parametrize(("apart_nm", "found"), [(14.9, False), (15.1, True), (-15.1, True)])
def test_three_standard_errors_are_the_limit(apart_nm: float, found: bool) -> None:
    rings = Thickness(nm=100.0, error_nm=3.0)
    assert bool(contradiction(Thickness(nm=100.0 + apart_nm, error_nm=4.0), rings)) is found
