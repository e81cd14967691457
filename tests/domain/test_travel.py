"""What a hop costs grows with its length, and the two published medians come out."""

from __future__ import annotations

import pytest

from smartscope.domain.travel import TravelModel


def test_the_published_medians_come_out() -> None:
    model = TravelModel(settle_s=0.0)
    assert model.move_s(9.0) == pytest.approx(3.0, abs=0.02)
    assert model.move_s(300.0) == pytest.approx(5.5, abs=0.02)


def test_drift_is_waited_for_only_with_a_limit_and_longer_after_long_moves() -> None:
    assert TravelModel().drift_s(300.0) == 0.0
    limited = TravelModel(drift_limit_angstrom_per_s=2.0)
    assert limited.drift_s(9.0) == pytest.approx(25.1, abs=0.1)
    assert limited.drift_s(300.0) == pytest.approx(37.9, abs=0.2)
    assert limited.drift_s(5000.0) == pytest.approx(limited.drift_s(400.0))
    assert TravelModel(drift_limit_angstrom_per_s=40.0).drift_s(300.0) == 0.0


def test_focus_holds_for_short_moves() -> None:
    model = TravelModel()
    assert model.hop_s(5.1) - model.hop_s(4.9) == pytest.approx(model.focus_s, abs=0.01)


def test_drift_falls_while_a_group_is_viewed_and_focused() -> None:
    """Only what is left of it then is waited for: without autofocus, the longer."""
    model = TravelModel(drift_limit_angstrom_per_s=2.0)
    assert model.hop_s(9.0) == pytest.approx(model.move_s(9.0) + model.drift_s(9.0))
    assert model.hop_s(5.1) - model.hop_s(4.9) < 0.5
    calm = TravelModel(drift_limit_angstrom_per_s=10.0)
    assert calm.hop_s(9.0) == pytest.approx(calm.move_s(9.0) + calm.view_s + calm.focus_s)


def test_a_first_visit_costs_its_preparation() -> None:
    model = TravelModel()
    assert model.switch_s(first_visit=True) - model.switch_s(first_visit=False) == pytest.approx(
        model.prepare_square_s
    )
