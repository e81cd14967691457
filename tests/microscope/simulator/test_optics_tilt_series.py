"""A simulated tilt series keeps its truth: where molecules lie, what halves share, how it fades."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from smartscope.microscope.simulator.optics.slab_truth import slab_labels, slab_phase
from smartscope.microscope.simulator.optics.tilt_series import (
    TiltSettings,
    dose_symmetric,
    expected_counts,
    record_tilt_series,
)
from smartscope.microscope.simulator.specimen.slab import Slab, crowded_slab

SETTINGS = TiltSettings(angles_deg=dose_symmetric(60.0, 20.0), shape=(96, 96), seed=3)


def one_molecule(x: float, y: float, z: float) -> Slab:
    return Slab(
        species=("t20s",),
        places_angstrom=np.array([[x, y, z]]),
        quaternions=np.array([[0.0, 0.0, 0.0, 1.0]]),
        thickness_angstrom=400.0,
    )


def darkest(slab: Slab, number: int, shift: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Where the molecule is seen, x and y from the middle, px: the difference it makes."""
    settings = dataclasses.replace(SETTINGS, axis_deg=0.0)
    away = one_molecule(0.0, 4000.0, 0.0)
    seen = expected_counts(away, settings, number, shift)
    seen = np.maximum(seen - expected_counts(slab, settings, number, shift), 0.0) ** 2
    y, x = np.indices(seen.shape) - 47.5
    return np.asarray(np.array([(seen * x).sum(), (seen * y).sum()]) / seen.sum())


def test_angles_are_taken_from_the_least_tilted_on() -> None:
    assert dose_symmetric(6.0, 3.0) == (0.0, 3.0, -3.0, -6.0, 6.0)


def test_a_molecule_is_seen_where_tilt_shift_and_height_put_it() -> None:
    slab = one_molecule(150.0, -100.0, 120.0)
    assert darkest(slab, 0) == pytest.approx([15.0, -10.0], abs=1.0)
    angle = np.radians(SETTINGS.angles_deg[5])
    across = 15.0 * np.cos(angle) + 12.0 * np.sin(angle)
    assert darkest(slab, 5) == pytest.approx([across, -10.0], abs=1.0)
    assert darkest(slab, 5, (4.0, 3.0)) == pytest.approx([across + 4.0, -7.0], abs=1.0)


def test_the_same_arguments_give_the_same_counts_and_halves_their_own_noise() -> None:
    slab = one_molecule(0.0, 0.0, 0.0)
    one, other = (record_tilt_series(slab, SETTINGS).series for _ in range(2))
    assert np.array_equal(one.even, other.even)
    noise = one.even[3].astype(float) - one.odd[3]
    assert noise.var() == pytest.approx(one.total[3].mean(), rel=0.1)


def test_tilting_thickens_the_ice_and_late_tilts_have_seen_more() -> None:
    recording = record_tilt_series(one_molecule(0.0, 0.0, 0.0), SETTINGS)
    means = recording.series.total.mean(axis=(1, 2))
    assert means[0] < means[1] < means[3]
    assert recording.series.angles_deg.tolist() == [-60.0, -40.0, -20.0, 0.0, 20.0, 40.0, 60.0]
    assert recording.series.dose_before_e_per_a2.tolist() == [18.0, 9.0, 6.0, 0.0, 3.0, 12.0, 15.0]
    assert recording.truth.shifts_px.shape == (7, 2)


def test_molecules_of_a_slab_do_not_touch_and_the_volume_holds_them() -> None:
    slab = crowded_slab(("t20s", "rod"), wanted=20, extent_angstrom=(900, 900, 500), seed=2)
    places, radii = slab.places_angstrom, slab.radii_angstrom()
    apart = np.linalg.norm(places[:, None] - places, axis=-1) + 1e9 * np.eye(len(places))
    assert (apart >= radii[:, None] + radii).all()
    assert (np.abs(places[:, 2]) + radii <= 250.0).all()
    phase = slab_phase(slab, (56, 96, 96), pixel_size_angstrom=10.0)
    labels = slab_labels(slab, (56, 96, 96), pixel_size_angstrom=10.0)
    assert phase[labels > 0].mean() > 20.0 * abs(phase[labels == 0].mean())
    assert set(np.unique(labels)) == set(range(len(places) + 1))
