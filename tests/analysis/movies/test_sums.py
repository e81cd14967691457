"""Halves add up, weighting keeps noise white and detail that later frames have lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import fft
from scipy.ndimage import fourier_shift

from smartscope.analysis.base import FloatImage
from smartscope.analysis.movies.dose import critical_dose, frame_weights
from smartscope.analysis.movies.prepare import PreparedMovie, prepare
from smartscope.analysis.movies.sums import Dosing, MovieSums, movie_sums
from smartscope.analysis.movies.transforms import FrameSpectra
from smartscope.domain.errors import InvalidInput
from tests.analysis.movies.moving_specimen import ArrayMovie, burst_and_drift, correlation, record

PIXEL_ANGSTROM = 1.2
FRAMES = 20
DOSING = Dosing(dose_per_frame_e_per_a2=2.0, voltage_kv=300.0)


def ring_power(image: FloatImage, low: float, high: float) -> float:
    """Mean power between two frequencies (Å⁻¹)."""
    radius = np.hypot(
        np.fft.fftfreq(image.shape[0], PIXEL_ANGSTROM)[:, None],
        np.fft.rfftfreq(image.shape[1], PIXEL_ANGSTROM)[None, :],
    )
    ring = (radius > low) & (radius < high)
    return float(np.mean(np.abs(fft.rfft2(image)[ring]) ** 2))


def noise(frames: int = FRAMES) -> PreparedMovie:
    counts = np.random.default_rng(3).poisson(2.0, (frames, 256, 256)).astype(np.uint8)
    return prepare(ArrayMovie(counts), None)


def summed(movie: PreparedMovie, dosing: Dosing | None = DOSING) -> MovieSums:
    return movie_sums(
        FrameSpectra(movie),
        np.zeros((movie.frames, 2)),
        pixel_size_angstrom=PIXEL_ANGSTROM,
        dosing=dosing,
    )


def test_the_critical_dose_is_the_published_one() -> None:
    k = np.array([0.0, 0.1, 1 / 3])
    found = critical_dose(k, voltage_kv=300.0)
    assert found[0] == np.inf
    # 0.245 · 10^1.665 + 2.81 and 0.245 · 3^1.665 + 2.81
    assert found[1:] == pytest.approx([14.14, 4.336], rel=1e-3)
    assert critical_dose(k, voltage_kv=200.0)[1:] == pytest.approx(0.8 * found[1:])


@given(dose=st.floats(0.05, 5.0), before=st.floats(0.0, 30.0))
def test_weights_fall_with_dose_and_with_frequency(dose: float, before: float) -> None:
    weights = frame_weights(
        np.array([0.0, 0.05, 0.1, 0.3]),
        frames=12,
        dose_per_frame_e_per_a2=dose,
        voltage_kv=300.0,
        dose_before_e_per_a2=before,
    )
    assert np.all(weights[:, 0] == 1.0)
    assert np.all(np.diff(weights, axis=0)[:, 1:] < 0.0)
    assert np.all(np.diff(weights, axis=1) <= 0.0)
    assert np.all((weights > 0.0) & (weights <= 1.0))


def test_a_frame_weighs_the_mean_over_its_dose() -> None:
    k = np.array([0.12])
    coarse = frame_weights(k, frames=2, dose_per_frame_e_per_a2=6.0, voltage_kv=300.0)
    fine = frame_weights(k, frames=1200, dose_per_frame_e_per_a2=0.01, voltage_kv=300.0)
    assert coarse[:, 0] == pytest.approx(fine[:, 0].reshape(2, -1).mean(axis=1), rel=1e-6)


def test_halves_are_halves_of_the_aligned_sum() -> None:
    recorded = record(burst_and_drift(10))
    movie = prepare(recorded.movie, None)
    shifts = recorded.positions_angstrom
    sums = movie_sums(FrameSpectra(movie), shifts, pixel_size_angstrom=PIXEL_ANGSTROM)
    assert sums.weighted is None
    moved = [
        fourier_shift(fft.fft2(movie.frame(n).astype(float)), -shifts[n, ::-1] / PIXEL_ANGSTROM)
        for n in range(10)
    ]
    assert np.allclose(sums.even + sums.odd, sums.plain)
    # a fraction of a pixel has no meaning for the coefficients at Nyquist itself
    found, expected = (each[1:180, 1:200] for each in (fft.fft2(sums.plain), np.sum(moved, axis=0)))
    assert np.allclose(found, expected, atol=1e-5 * np.abs(expected).max())


def test_halves_have_independent_noise() -> None:
    sums = summed(noise())
    assert abs(correlation(sums.even, sums.odd)) < 0.02


@pytest.mark.parametrize(("low", "high"), [(0.02, 0.06), (0.1, 0.14), (0.3, 0.35)])
def test_weighting_keeps_noise_as_it_was_at_every_frequency(low: float, high: float) -> None:
    sums = summed(noise())
    assert sums.weighted is not None
    assert sums.weighted.mean() == pytest.approx(float(sums.plain.mean()), rel=1e-4)
    ratio = ring_power(sums.weighted, low, high) / ring_power(sums.plain, low, high)
    assert ratio == pytest.approx(1.0, abs=0.06)


def test_weighting_shows_more_of_what_the_beam_destroys() -> None:
    """A scene that fades as published is closer to what it was in the weighted sum."""
    rng = np.random.default_rng(5)
    radius = np.hypot(
        np.fft.fftfreq(256, PIXEL_ANGSTROM)[:, None], np.fft.rfftfreq(256, PIXEL_ANGSTROM)[None, :]
    )
    scene = fft.rfft2(rng.normal(size=(256, 256))) * np.exp(-15 * radius**2) * 0.4
    scene[0, 0] = 0.0
    twice = 2 * critical_dose(radius, voltage_kv=300.0)
    counts = []
    for frame in range(FRAMES):
        left = fft.irfft2(scene * np.exp(-2.0 * (frame + 0.5) / twice), s=(256, 256))
        counts.append(rng.poisson(np.maximum(2.0 * (1.0 + left), 0.0)))
    sums = summed(prepare(ArrayMovie(np.array(counts).astype(np.uint8)), None))
    assert sums.weighted is not None
    ring = (radius > 1 / 10) & (radius < 1 / 4)

    def likeness(image: FloatImage) -> float:
        found, true = fft.rfft2(image)[ring], scene[ring]
        cross = float(np.real(np.vdot(true, found)))
        return cross / float(np.linalg.norm(found) * np.linalg.norm(true))

    assert likeness(sums.weighted) > 1.15 * likeness(sums.plain)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidInput, match="as many shifts"):
        movie_sums(FrameSpectra(noise(4)), np.zeros((3, 2)), pixel_size_angstrom=1.0)
    with pytest.raises(InvalidInput, match="is no dose"):
        frame_weights(np.ones(2), frames=2, dose_per_frame_e_per_a2=0.0, voltage_kv=300.0)
