"""Ice by what it swallows: the law it is made with, and the error the design gives it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartscope.analysis.base import FindContext
from smartscope.analysis.detection.ice import VacuumReference, thickness_nm

VACUUM = VacuumReference(1000.0, 0.01, "calibration")


@given(thickness=st.floats(0.1, 300.0), length=st.floats(100.0, 500.0))
def test_brightness_gives_back_the_thickness_it_was_made_with(
    thickness: float, length: float
) -> None:
    grey = VACUUM.intensity * math.exp(-thickness / length)
    found, _ = thickness_nm(grey, 0.0, VACUUM, FindContext(attenuation_length_nm=length))
    assert found == pytest.approx(thickness, rel=1e-6)


def test_the_error_is_the_designed_one() -> None:
    """λ 300 nm ± 5 %, I₀ after an hour ± 1 %: about 4 nm at 50 nm."""
    context = FindContext(attenuation_length_nm=300.0, attenuation_length_error=0.05)
    _, error = thickness_nm(VACUUM.intensity * math.exp(-50 / 300), 0.0, VACUUM, context)
    assert error == pytest.approx(math.hypot(2.5, 3.0))


@pytest.mark.parametrize("grey", [1000.1, 1050.0])
def test_more_light_than_vacuum_is_no_ice(grey: float) -> None:
    assert thickness_nm(grey, 0.0, VACUUM, FindContext())[0] == 0.0
