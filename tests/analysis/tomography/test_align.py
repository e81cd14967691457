"""Pictures that were moved are moved back, and the axis is found."""

from __future__ import annotations

import numpy as np

from smartscope.analysis.tomography.align import align
from smartscope.analysis.tomography.geometry import TiltGeometry
from tests.analysis.tomography.blob_slab import counts

SIDE = 64
ANGLES = np.arange(-60.0, 61.0, 4.0)


def left(found: np.ndarray, true: np.ndarray, axis_deg: float) -> tuple[float, float]:
    """Root mean square error across and along the axis, without what no alignment can know."""
    angle = np.radians(axis_deg)
    away = found - true
    across = np.cos(angle) * away[:, 0] + np.sin(angle) * away[:, 1]
    along = -np.sin(angle) * away[:, 0] + np.cos(angle) * away[:, 1]
    tilt = np.radians(ANGLES)
    moves = np.stack([np.cos(tilt), np.sin(tilt)], axis=1)
    across = across - moves @ np.linalg.lstsq(moves, across, rcond=None)[0]
    return float(np.sqrt((across**2).mean())), float((along - along.mean()).std())


def test_shifts_and_axis_are_found_from_the_pictures() -> None:
    true = np.cumsum(np.random.default_rng(3).normal(0.0, 1.0, (len(ANGLES), 2)), axis=0)
    tilts = counts(ANGLES, SIDE, axis_deg=5.0, shifts_px=true, mean=200.0)
    found = align(tilts, TiltGeometry.of_angles(ANGLES, axis_deg=2.0), depth_px=40)
    across, along = left(found.geometry.shifts_px, true, 5.0)
    assert max(across, along) < 0.5
    before = left(np.zeros_like(true), true, 5.0)
    assert min(before) > 1.0
    assert abs(found.geometry.axis_deg[0] - 5.0) < 1.0
    assert found.agreement.shape == (len(ANGLES),)


def test_an_axis_that_is_known_is_kept() -> None:
    tilts = counts(ANGLES, SIDE, axis_deg=5.0)
    known = TiltGeometry.of_angles(ANGLES, axis_deg=5.0)
    found = align(tilts, known, depth_px=40, axis_reach_deg=0.0)
    assert np.array_equal(found.geometry.axis_deg, known.axis_deg)
