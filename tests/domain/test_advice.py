"""Advice for the collection stands on enough exposures and says the right direction."""

from __future__ import annotations

from smartscope.domain.advice import ENOUGH_EXPOSURES, Measured, suggested_settings

ICE = (10.0, 100.0)


def _shots(count: int, **measured: float) -> list[Measured]:
    return [Measured(usable=True, **measured) for _ in range(count)]


def test_few_exposures_are_no_advice() -> None:
    few = _shots(ENOUGH_EXPOSURES - 1, ice_nm=40.0, defocus_um=3.0, target_defocus_um=2.0)
    assert suggested_settings(few, ice_range_nm=ICE) == ()


def test_the_range_of_ice_is_that_of_usable_exposures_only() -> None:
    shots = [Measured(usable=True, ice_nm=30.0 + n) for n in range(6)]
    shots += [Measured(usable=False, ice_nm=300.0)]
    assert suggested_settings(shots, ice_range_nm=ICE) == (
        "Usable exposures had 30 to 35 nm of ice; the selector keeps 10 to 100 nm.",
    )


def test_focus_advice_says_which_way() -> None:
    for found, way in ((2.4, "0.40 µm more"), (1.5, "0.50 µm less")):
        (said,) = suggested_settings(
            _shots(6, defocus_um=found, target_defocus_um=2.0), ice_range_nm=ICE
        )
        assert way in said
    near = _shots(6, defocus_um=2.1, target_defocus_um=2.0)
    assert suggested_settings(near, ice_range_nm=ICE) == ()


def test_motion_by_the_beam_is_not_waited_for() -> None:
    (beam,) = suggested_settings(
        _shots(6, drift_total_angstrom=20.0, drift_early_angstrom=15.0), ice_range_nm=ICE
    )
    (stage,) = suggested_settings(
        _shots(6, drift_total_angstrom=20.0, drift_early_angstrom=4.0), ice_range_nm=ICE
    )
    assert "would not help" in beam
    assert "wait for it to settle" in stage
    still = _shots(6, drift_total_angstrom=5.0, drift_early_angstrom=4.0)
    assert suggested_settings(still, ice_range_nm=ICE) == ()
