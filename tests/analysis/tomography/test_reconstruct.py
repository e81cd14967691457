"""Projections by formula come back as the volume; halves stay independent; bad series are told."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from smartscope.analysis.base import UnusableImage
from smartscope.analysis.tomography import projector
from smartscope.analysis.tomography import reconstruct as reconstruction
from smartscope.analysis.tomography.geometry import TiltGeometry
from smartscope.analysis.tomography.projector import back_project, project
from smartscope.analysis.tomography.reconstruct import Method, Settings, reconstruct
from smartscope.analysis.tomography.sirt import sirt
from smartscope.analysis.tomography.weighting import Weighting, dose_weights, tilt_weights
from smartscope.domain.errors import InvalidInput
from tests.analysis.tomography.blob_slab import counts, picture, volume

SIDE, DEPTH = 64, 32
ANGLES = np.arange(-60.0, 61.0, 3.0)


def likeness(found: np.ndarray, truth: np.ndarray) -> float:
    inner = (slice(4, -4), slice(6, -6), slice(6, -6))
    return float(np.corrcoef(found[inner].ravel(), truth[inner].ravel())[0, 1])


def made(
    method: Method, geometry: TiltGeometry, tilts: np.ndarray, iterations: int = 20
) -> np.ndarray:
    settings = Settings(method=method, depth_px=DEPTH, iterations=iterations)
    return reconstruct(tilts, geometry, settings, pixel_size_angstrom=10.0).volume


@pytest.mark.parametrize("samples", [33, 66])
def test_projecting_and_spreading_back_are_adjoint(samples: int) -> None:
    rng = np.random.default_rng(1)
    slab = rng.normal(size=(20, 33, 5)).astype(np.float32)
    lines = rng.normal(size=(4, samples, 5)).astype(np.float32)
    angles = np.array([-60.0, -7.0, 0.0, 48.0])
    forward = float((project(slab, angles, samples=samples) * lines).sum())
    back = float((back_project(lines, angles, depth=20, width=33) * slab).sum())
    assert forward == pytest.approx(back, rel=1e-4)


def test_a_projection_is_what_the_formula_says() -> None:
    slab = np.ascontiguousarray(volume(DEPTH, SIDE).transpose(0, 2, 1))
    for angle in (0.0, 30.0, -45.0):
        found = project(slab, np.array([angle]), samples=SIDE)[0].T
        assert np.corrcoef(found.ravel(), picture(angle, SIDE).ravel())[0, 1] > 0.99


@pytest.mark.parametrize("method", [Method.WBP, Method.SIRT])
def test_the_volume_comes_back_from_turned_and_moved_pictures(method: Method) -> None:
    shifts = np.random.default_rng(2).uniform(-4.0, 4.0, (len(ANGLES), 2))
    tilts = counts(ANGLES, SIDE, axis_deg=7.0, shifts_px=shifts, mean=2000.0)
    geometry = dataclasses.replace(TiltGeometry.of_angles(ANGLES, axis_deg=7.0), shifts_px=shifts)
    truth = volume(DEPTH, SIDE)
    assert likeness(made(method, geometry, tilts), truth) > 0.65
    mirrored = dataclasses.replace(geometry, angles_deg=-ANGLES)
    assert likeness(made(method, mirrored, tilts), truth) < 0.5


def test_density_has_the_scale_of_the_specimen() -> None:
    tilts = counts(ANGLES, SIDE, mean=1e5)
    found = made(Method.WBP, TiltGeometry.of_angles(ANGLES), tilts)
    truth = volume(DEPTH, SIDE)
    strong = truth > 0.7
    assert 0.03 < float((found[strong] / truth[strong]).mean()) < 0.09


def test_exact_weights_are_the_ramp_where_angles_are_even_and_follow_gaps_where_not() -> None:
    k = np.array([0.1, 0.2, 0.3])
    even = TiltGeometry.of_angles(ANGLES)
    exact, ramp = (
        tilt_weights(even, k, depth_px=128, weighting=kind)
        for kind in (Weighting.EXACT, Weighting.RAMP)
    )
    assert np.allclose(exact[10:-10, 0], ramp[10:-10, 0], rtol=0.15)
    angles = np.concatenate([np.arange(-60.0, 0.0, 6.0), np.arange(0.0, 61.0, 1.5)])
    bunched = TiltGeometry.of_angles(angles)
    weights = tilt_weights(bunched, np.array([0.05]), depth_px=128, weighting=Weighting.EXACT)[:, 0]
    assert weights[4] == pytest.approx(4.0 * weights[30], rel=0.25)
    chosen = tilt_weights(bunched, k, depth_px=128, weighting=Weighting.AUTO)
    assert np.array_equal(chosen, tilt_weights(bunched, k, depth_px=128, weighting=Weighting.EXACT))


def test_back_projection_is_linear_so_halves_keep_their_own_noise() -> None:
    rng = np.random.default_rng(4)
    geometry = TiltGeometry.of_angles(ANGLES)
    halves = [rng.normal(0.0, 1.0, (len(ANGLES), SIDE, SIDE)) for _ in range(2)]
    one, other = (made(Method.WBP, geometry, half) for half in halves)
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.03
    assert one.std() == pytest.approx(other.std(), rel=0.03)


def test_slabs_make_the_same_volume_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    tilts, geometry = counts(ANGLES, SIDE), TiltGeometry.of_angles(ANGLES)
    whole = made(Method.SIRT, geometry, tilts, iterations=3)
    monkeypatch.setattr(projector, "SLAB_BYTES", 4 * DEPTH * SIDE * 7)
    settings = Settings(method=Method.SIRT, depth_px=DEPTH, iterations=3)
    prepared = reconstruction.prepare(tilts, geometry, settings, pixel_size_angstrom=10.0)
    assert len(list(reconstruction.slabs(prepared, settings))) == 10
    assert np.allclose(made(Method.SIRT, geometry, tilts, iterations=3), whole, atol=1e-6)


def test_iterations_approach_the_pictures() -> None:
    slab = np.ascontiguousarray(volume(DEPTH, SIDE).transpose(0, 2, 1))
    lines = project(slab, ANGLES, samples=SIDE)
    rests = [
        float(
            np.abs(
                lines
                - project(sirt(lines, ANGLES, depth_px=DEPTH, iterations=n), ANGLES, samples=SIDE)
            ).mean()
        )
        for n in (1, 5, 20)
    ]
    assert rests[0] > rests[1] > rests[2]
    with pytest.raises(InvalidInput, match="converge"):
        sirt(lines, ANGLES, depth_px=DEPTH, step=2.0)


def test_late_tilts_lose_detail_first() -> None:
    dosed = dataclasses.replace(
        TiltGeometry.of_angles(ANGLES),
        dose_before_e_per_a2=np.linspace(0.0, 120.0, len(ANGLES)),
        dose_e_per_a2=3.0,
    )
    weights = dose_weights(dosed, np.array([0.002, 0.05]), voltage_kv=300.0)
    assert weights[-1, 1] < 0.3 * weights[0, 1]
    assert weights[-1, 0] > 0.8 * weights[0, 0]
    assert np.allclose((weights**2).mean(axis=0), 1.0)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        ("empty", "Picture 4 is empty"),
        ("nan", "Picture 4 holds pixels that are not finite"),
        ("few", "name picture 41, but the stack holds 39"),
        ("flat", "stack of pictures"),
    ],
)
def test_a_series_that_cannot_be_used_is_told_in_a_sentence(spoil: str, sentence: str) -> None:
    tilts = counts(ANGLES, SIDE)
    if spoil == "empty":
        tilts[3] = 0.0
    elif spoil == "nan":
        tilts[3, 5, 5] = np.nan
    elif spoil == "few":
        tilts = tilts[:-2]
    else:
        tilts = tilts[0]
    with pytest.raises((UnusableImage, InvalidInput), match=sentence):
        made(Method.WBP, TiltGeometry.of_angles(ANGLES), tilts)


def test_geometries_that_cannot_be_are_refused() -> None:
    with pytest.raises(InvalidInput, match="at least 3"):
        TiltGeometry.of_angles(np.array([0.0, 3.0]))
    with pytest.raises(InvalidInput, match="no tilt of a stage"):
        TiltGeometry.of_angles(np.array([0.0, 3.0, 600.0]))
    with pytest.raises(InvalidInput, match="same angle"):
        TiltGeometry.of_angles(np.zeros(9))
    with pytest.raises(InvalidInput, match="too thin"):
        Settings(depth_px=1)
