"""Statistics of resolution against noise of known signal and against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from smartscope.analysis.resolution.b_factor import b_factor_square_angstrom
from smartscope.analysis.resolution.correlation import (
    fsc,
    fsc_variance,
    phase_residual,
    spectral_snr,
)
from smartscope.analysis.resolution.shells import ShellCurve, shells_of
from smartscope.analysis.resolution.thresholds import (
    BETWEEN_HALVES,
    against_perfect,
    correlation_of,
    crossing,
    describe,
    half_bit,
    snr_of_half,
)
from smartscope.domain.errors import InvalidInput


def test_shells_hold_every_coefficient_once_up_to_nyquist() -> None:
    shells = shells_of((13, 16), pixel_size_angstrom=2.0)
    k = np.hypot(np.fft.fftfreq(13)[:, None], np.fft.fftfreq(16)[None, :]) * 16
    expected = np.bincount(np.rint(k).astype(int).ravel(), minlength=9)[:9]
    assert np.allclose(shells.total(np.ones(shells.index.shape)), expected)
    assert shells.k_per_angstrom[-1] == pytest.approx(8 / 32)


def test_a_volume_is_like_itself_and_unlike_its_negative() -> None:
    volume = np.random.default_rng(1).normal(size=(16, 18, 20))
    assert np.allclose(fsc(volume, volume, pixel_size_angstrom=1.0).values, 1.0)
    assert np.allclose(fsc(volume, -volume, pixel_size_angstrom=1.0).values, -1.0)


def test_halves_with_known_noise_correlate_as_expected_and_scatter_as_stated() -> None:
    rng, snr = np.random.default_rng(2), 0.8
    found = []
    for _ in range(200):
        signal = math.sqrt(snr) * rng.normal(size=(32, 32))
        found.append(
            fsc(
                signal + rng.normal(size=(32, 32)),
                signal + rng.normal(size=(32, 32)),
                pixel_size_angstrom=1.0,
            )
        )
    values = np.array([curve.values for curve in found])[:, 6:]
    assert values.mean() == pytest.approx(float(correlation_of(np.array(snr))), abs=0.01)
    stated = fsc_variance(ShellCurve(found[0].k_per_angstrom, values_mean(found), found[0].counts))[
        6:
    ]
    assert np.mean(values.var(axis=0) / stated) == pytest.approx(1.0, abs=0.15)


def values_mean(curves: list[ShellCurve]) -> np.ndarray:
    return np.asarray(np.mean([curve.values for curve in curves], axis=0))


def test_noise_alone_has_a_phase_residual_of_104_degrees() -> None:
    rng = np.random.default_rng(3)
    curve = phase_residual(
        rng.normal(size=(128, 128)), rng.normal(size=(128, 128)), pixel_size_angstrom=1.0
    )
    assert curve.values[20:].mean() == pytest.approx(180.0 / math.sqrt(3.0), abs=1.5)


def test_the_signal_of_an_average_grows_with_the_number_of_images() -> None:
    rng = np.random.default_rng(4)
    signal = rng.normal(size=(64, 64))
    images = [signal + 2.0 * rng.normal(size=(64, 64)) for _ in range(12)]
    curve = spectral_snr(images, pixel_size_angstrom=1.0)
    assert np.average(curve.values, weights=curve.counts) == pytest.approx(12 / 4, rel=0.1)


def test_one_seventh_between_halves_is_one_half_against_a_perfect_reference() -> None:
    assert against_perfect(np.array([BETWEEN_HALVES]))[0] == pytest.approx(0.5)
    assert snr_of_half(np.array([0.5]))[0] == pytest.approx(1.0)


def test_many_coefficients_bring_half_a_bit_to_its_limit() -> None:
    curve = ShellCurve(np.zeros(1), np.zeros(1), np.array([1e12]))
    assert half_bit(curve)[0] == pytest.approx(0.2071 / 1.2071, abs=1e-4)


def test_a_crossing_is_interpolated_and_a_second_one_reported() -> None:
    k = np.array([0.0, 0.1, 0.2, 0.3, 0.4])
    curve = ShellCurve(k, np.array([1.0, 0.6, 0.4, 0.6, 0.4]), np.ones(5))
    found = crossing(curve, 0.5)
    assert found.first_angstrom == pytest.approx(1 / 0.15)
    assert found.last_angstrom == pytest.approx(1 / 0.35)
    assert describe(found, pixel_size_angstrom=1.0) == "6.67 Å"


def test_a_curve_that_never_falls_is_limited_by_its_pixel() -> None:
    curve = ShellCurve(np.arange(3) / 10, np.ones(3), np.ones(3))
    assert describe(crossing(curve, 0.5), pixel_size_angstrom=1.2) == "≤ 2.40 Å (two pixels)"


def test_the_b_factor_of_a_blurred_point_is_found() -> None:
    axis = np.hypot(np.fft.fftfreq(96)[:, None], np.fft.rfftfreq(96))
    image = np.fft.irfft2(np.exp(-80.0 * axis**2 / 4), s=(96, 96))
    found = b_factor_square_angstrom(image, pixel_size_angstrom=1.0, from_angstrom=15.0)
    assert found == pytest.approx(80.0, rel=0.02)


def test_what_cannot_be_compared_is_refused_with_a_reason() -> None:
    square = np.zeros((8, 8))
    with pytest.raises(InvalidInput, match="cannot be compared"):
        fsc(square, np.zeros((8, 9)), pixel_size_angstrom=1.0)
    with pytest.raises(InvalidInput, match="no pixel size"):
        fsc(square, square, pixel_size_angstrom=math.nan)
    with pytest.raises(InvalidInput, match="not finite"):
        fsc(square, np.full((8, 8), np.inf), pixel_size_angstrom=1.0)
    with pytest.raises(InvalidInput, match="at least two images"):
        spectral_snr([square], pixel_size_angstrom=1.0)
