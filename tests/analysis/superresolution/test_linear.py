"""What motion separates comes back; what it does not is left out or refused with a reason."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from smartscope.analysis.movies.align import Taken
from smartscope.analysis.movies.local_field import LocalMotion, SpaceBasis, TimeBasis
from smartscope.analysis.registry import super_resolver
from smartscope.analysis.resolution.correlation import fsc
from smartscope.analysis.resolution.shells import shells_of, spectrum
from smartscope.analysis.superresolution.linear import LinearSuperResolver
from smartscope.analysis.superresolution.noise import whitened
from smartscope.analysis.superresolution.result import CannotSuperResolve
from smartscope.analysis.superresolution.tiles import interior
from tests.analysis.superresolution.fine_scene import (
    PIXEL_ANGSTROM,
    TAKEN,
    Counts,
    aligned,
    movie,
    path,
    scene,
)

SHAPE, FRAMES = (160, 200), 24


def beyond(image: np.ndarray, truth: np.ndarray, band: tuple[float, float] = (0.27, 0.42)) -> float:
    """Mean correlation in a band of cycles per fine pixel; the movie ends at 0.25."""
    curve = fsc(interior(image), interior(truth), pixel_size_angstrom=1.0)
    ring = (curve.k_per_angstrom > band[0]) & (curve.k_per_angstrom < band[1])
    return float(np.average(curve.values[ring], weights=curve.counts[ring]))


def power_by_shell(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean power by shell."""
    shells = shells_of(image.shape, pixel_size_angstrom=1.0)
    counts = np.maximum(2.0 * shells.independent(), 1.0)
    return shells.k_per_angstrom, shells.total(np.abs(spectrum(image)) ** 2) / counts


def test_detail_finer_than_the_pixels_comes_back_and_is_confirmed_by_the_halves() -> None:
    fine, shifts = scene(SHAPE), path(FRAMES, reach_px=3.0)
    frames = movie(fine, shifts, counts=40.0)
    found = LinearSuperResolver().super_resolve(frames, TAKEN, aligned(frames, shifts))
    assert found.pixels.shape == (320, 400)
    assert found.pixel_size_angstrom == PIXEL_ANGSTROM / 2
    assert beyond(found.pixels, fine) > 0.5
    assert found.beyond_nyquist > 0.1
    assert found.beyond_nyquist_z > 10.0
    assert found.expected_to_angstrom is not None
    assert found.expected_to_angstrom < 2.0 * PIXEL_ANGSTROM


def test_counts_are_those_of_the_sum_on_finer_pixels() -> None:
    shifts = path(FRAMES, reach_px=3.0)
    frames = movie(scene(SHAPE), shifts, counts=40.0)
    found = LinearSuperResolver().super_resolve(frames, TAKEN, aligned(frames, shifts))
    assert found.pixels.mean() == pytest.approx(FRAMES * 40.0 / 4, rel=0.01)
    assert found.even.mean() == pytest.approx(FRAMES * 40.0 / 8, rel=0.01)


def test_tiles_leave_no_seam() -> None:
    shape = (130, 700)
    fine, shifts = scene(shape), path(FRAMES, reach_px=3.0)
    frames = movie(fine, shifts, counts=60.0)
    found = LinearSuperResolver().super_resolve(frames, TAKEN, aligned(frames, shifts))
    scale = 0.15 * found.pixels.mean()
    miss = np.abs(found.pixels / scale - fine - (found.pixels / scale - fine).mean())
    columns = miss[64:-64].mean(axis=0)[64:-64]
    assert columns.max() < 1.5 * np.median(columns)


def test_motion_that_differs_over_the_field_is_followed() -> None:
    shifts = path(FRAMES, reach_px=3.0)
    frames = movie(scene(SHAPE), shifts, counts=40.0)
    coefficients = np.zeros((3, 3, 2))
    # an even motion of the whole field, told as local motion
    coefficients[0, 0] = (4.0, -3.0)
    local = LocalMotion(
        coefficients, SpaceBasis.LINEAR, TimeBasis.POWERS, np.arange(1.0, FRAMES + 1)
    )
    extra = local.shifts_angstrom(np.zeros(1), np.zeros(1))[:, 0]
    known = aligned(frames, shifts)
    split = dataclasses.replace(known, shifts_angstrom=known.shifts_angstrom - extra, local=local)
    resolver = LinearSuperResolver()
    assert np.allclose(
        resolver.super_resolve(frames, TAKEN, split).pixels,
        resolver.super_resolve(frames, TAKEN, known).pixels,
        atol=1e-2,
    )


def test_noise_is_made_white_by_what_the_result_says_of_it() -> None:
    shifts = path(FRAMES, reach_px=3.0)
    frames = movie(0.2 * scene(SHAPE), shifts, counts=10.0)
    found = LinearSuperResolver().super_resolve(frames, TAKEN, aligned(frames, shifts))
    q, power = power_by_shell(interior(whitened(found)))
    assert power[(q > 0.2) & (q < 0.3)].mean() == pytest.approx(
        power[(q > 0.3) & (q < 0.34)].mean(), rel=0.15
    )
    assert power[q > 0.37].max() < 0.05 * power[(q > 0.3) & (q < 0.34)].mean()
    assert found.determined is not None
    assert found.determined.min() >= 0.0
    assert found.determined.max() <= 1.0


def test_two_movies_of_nothing_share_nothing() -> None:
    shifts = path(FRAMES, reach_px=3.0)
    found = []
    for seed in (11, 12):
        faint = 0.2 * scene(SHAPE, seed=seed)
        frames = movie(faint, shifts, counts=10.0, seed=seed)
        known = aligned(frames, shifts)
        found.append(LinearSuperResolver().super_resolve(frames, TAKEN, known).pixels)
    assert abs(beyond(found[0], found[1])) < 0.02
    # where coarse detail is folded to, a common leak would show most
    assert abs(beyond(found[0], found[1], (0.42, 0.5))) < 0.02


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("few", "8 or more"),
        ("still", "less than 1 pixel"),
        ("cropped", "not whole counts"),
        ("unmeasured", "could not be measured"),
        ("small", "at least 128 a side"),
        ("empty", "share no detail"),
    ],
)
def test_a_movie_that_cannot_hold_more_is_refused_with_the_reason(change: str, reason: str) -> None:
    shape = (64, 200) if change == "small" else SHAPE
    frames_taken = 6 if change == "few" else FRAMES
    shifts = path(frames_taken, reach_px=0.3 if change == "still" else 3.0)
    fine = 0.0 * scene(shape) if change == "empty" else scene(shape)
    frames = movie(fine, shifts, counts=20.0)
    if change == "cropped":
        frames = Counts(frames.frames_px.astype(np.float32) * 0.37)
    known = aligned(frames, shifts, measured=change != "unmeasured")
    with pytest.raises(CannotSuperResolve, match=reason):
        LinearSuperResolver().super_resolve(frames, TAKEN, known)


def test_a_dose_is_weighed_and_the_registry_knows_it() -> None:
    shifts = path(FRAMES, reach_px=3.0)
    fine = scene(SHAPE)
    frames = movie(fine, shifts, counts=40.0)
    dosed = Taken(pixel_size_angstrom=PIXEL_ANGSTROM, dose_per_frame_e_per_a2=1.0, voltage_kv=300.0)
    resolver = super_resolver("linear-dealiasing")
    weighed = resolver.super_resolve(frames, dosed, aligned(frames, shifts))
    # The scene does not fade, so weights can only cost a little.
    assert beyond(weighed.pixels, fine) > 0.3
