"""The lens formulas against tables and against the same physics written another way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartscope.analysis.ctf.optics import (
    Defocus,
    Optics,
    aberration_phase,
    equal_phase_square,
    phase_slope,
)
from smartscope.domain.errors import InvalidInput
from tests.analysis.ctf.ringed_specimen import WAVELENGTH_ANGSTROM, Lens, transfer

defoci = st.floats(2_000.0, 60_000.0)
astigmatisms = st.floats(0.0, 2_000.0)
axes = st.floats(0.0, 179.9)


@pytest.mark.parametrize("voltage_kv", sorted(WAVELENGTH_ANGSTROM))
def test_the_wavelength_is_the_tables(voltage_kv: float) -> None:
    found = Optics(voltage_kv=voltage_kv).wavelength_angstrom
    assert found == pytest.approx(WAVELENGTH_ANGSTROM[voltage_kv], rel=1e-4)


@given(mean=defoci, astigmatism=astigmatisms, axis_deg=axes)
def test_axes_and_vector_are_one_astigmatism(
    mean: float, astigmatism: float, axis_deg: float
) -> None:
    u, v = mean + astigmatism / 2, mean - astigmatism / 2
    defocus = Defocus.of_axes(u, v, axis_deg)
    assert defocus.u_angstrom == pytest.approx(u)
    assert defocus.v_angstrom == pytest.approx(v)
    if astigmatism > 1.0:
        apart = (defocus.axis_deg - axis_deg + 90.0) % 180.0 - 90.0
        assert abs(apart) < 1e-3


@given(mean=defoci, astigmatism=astigmatisms, axis_deg=axes)
def test_the_phase_is_that_of_angles_and_axes(
    mean: float, astigmatism: float, axis_deg: float
) -> None:
    lens = Lens(u=mean + astigmatism / 2, v=mean - astigmatism / 2, axis_deg=axis_deg)
    expected = transfer(lens, (64, 64), 1.5)
    ky, kx = np.fft.fftfreq(64, 1.5)[:, None], np.fft.rfftfreq(64, 1.5)[None, :]
    square = np.maximum(kx**2 + ky**2, 1e-30)
    phase = aberration_phase(
        Optics(),
        Defocus.of_axes(lens.u, lens.v, lens.axis_deg),
        square,
        (kx**2 - ky**2) / square,
        2 * kx * ky / square,
    )
    # λ from a table of five digits, times a hundred radians.
    assert np.abs(-np.sin(phase) - expected).max() < 0.02


def test_underfocus_is_positive_and_pushes_the_first_zero_inwards() -> None:
    optics = Optics(spherical_aberration_mm=0.0, amplitude_contrast=0.0)
    k_square = np.linspace(1e-6, 0.01, 20_000)

    def first_zero(mean: float) -> float:
        phase = aberration_phase(optics, Defocus(mean_angstrom=mean), k_square)
        return float(k_square[np.searchsorted(phase, math.pi)])

    assert first_zero(10_000.0) == pytest.approx(1 / (optics.wavelength_angstrom * 1e4), rel=1e-3)
    assert first_zero(20_000.0) == pytest.approx(first_zero(10_000.0) / 2, rel=1e-3)


@given(mean=defoci, astigmatism=astigmatisms, axis_deg=axes, theta=st.floats(0.0, math.pi))
def test_equal_phase_is_equal_phase(
    mean: float, astigmatism: float, axis_deg: float, theta: float
) -> None:
    optics = Optics()
    defocus = Defocus.of_axes(mean + astigmatism / 2, mean - astigmatism / 2, axis_deg)
    square = np.array([0.001, 0.004, 0.01])
    cos_twice, sin_twice = np.full(3, math.cos(2 * theta)), np.full(3, math.sin(2 * theta))
    moved = equal_phase_square(optics, defocus, square, cos_twice, sin_twice)
    here = aberration_phase(optics, defocus, square, cos_twice, sin_twice)
    assert aberration_phase(optics, defocus, moved) == pytest.approx(here, abs=1e-6)


def test_the_slope_is_the_derivative() -> None:
    optics, defocus = Optics(), Defocus(mean_angstrom=12_345.0)
    k = np.array([0.05, 0.1, 0.2, 0.3])
    step = 1e-6
    difference = (
        aberration_phase(optics, defocus, (k + step) ** 2)
        - aberration_phase(optics, defocus, (k - step) ** 2)
    ) / (2 * step)
    assert phase_slope(optics, defocus, k) == pytest.approx(difference, rel=1e-5)


@pytest.mark.parametrize(
    "values",
    [{"voltage_kv": 0.0}, {"spherical_aberration_mm": -1.0}, {"amplitude_contrast": 1.5}],
)
def test_a_lens_nobody_has_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(InvalidInput, match="is not between"):
        Optics(**values)
