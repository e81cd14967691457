"""Ice by what it swallows and by how its rings fade: each with an error, checked by physics."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import fft

from smartscope.analysis.base import FloatImage
from smartscope.analysis.ctf.estimate import Source, fit_ctf
from smartscope.analysis.ctf.ice_thickness import (
    Absorption,
    IceThickness,
    Means,
    disagree,
    thickness_by_intensity,
    thickness_by_rings,
)
from smartscope.analysis.ctf.optics import Optics
from smartscope.analysis.ctf.polar_spectrum import polar_spectrum
from smartscope.domain.errors import InvalidInput
from tests.analysis.ctf.ringed_specimen import WAVELENGTH_ANGSTROM, Lens, transfer

LENS = Lens(u=12_310.0, v=12_010.0, axis_deg=20.0)
SLICES = 15


@given(thickness=st.floats(0.1, 300.0), length=st.floats(100.0, 500.0))
def test_intensity_gives_back_the_thickness_it_was_made_with(
    thickness: float, length: float
) -> None:
    absorption = Absorption(attenuation_length_nm=length, vacuum_intensity=1000.0)
    found = thickness_by_intensity(1000.0 * math.exp(-thickness / length), absorption)
    assert found.thickness_nm == pytest.approx(thickness, rel=1e-6)
    assert found.means is Means.INTENSITY


def test_the_error_is_the_designed_one() -> None:
    """λ 395 nm ± 5 %, I₀ after an hour ± 1 %: about 4 nm at 50 nm, and 4.7 with the λ of a slit."""
    absorption = Absorption(attenuation_length_nm=300.0, vacuum_intensity=1.0)
    found = thickness_by_intensity(math.exp(-50 / 300), absorption)
    assert found.error_nm == pytest.approx(math.hypot(2.5, 3.0))


def test_more_light_than_vacuum_is_no_ice_and_none_is_an_error() -> None:
    absorption = Absorption(attenuation_length_nm=300.0, vacuum_intensity=100.0)
    assert thickness_by_intensity(105.0, absorption).thickness_nm == 0.0
    with pytest.raises(InvalidInput):
        thickness_by_intensity(0.0, absorption)
    with pytest.raises(InvalidInput):
        Absorption(attenuation_length_nm=300.0, vacuum_intensity=0.0)


def thick_micrograph(thickness_nm: float, *, side_px: int = 1024, pixel: float = 1.0) -> FloatImage:
    """Slices of ice, each at its own defocus, added as one would be: no formula of fading."""
    rng = np.random.default_rng(5)
    shape = (side_px, side_px)
    total = np.zeros((side_px, side_px // 2 + 1), dtype=np.complex128)
    for number in range(SLICES):
        depth = 10 * thickness_nm * ((number + 0.5) / SLICES - 0.5)
        lens = Lens(u=LENS.u + depth, v=LENS.v + depth, axis_deg=LENS.axis_deg)
        total += fft.rfft2(rng.normal(size=shape)) * transfer(lens, shape, pixel)
    image = fft.irfft2(total, s=shape) * math.sqrt(2.0 / SLICES) + rng.normal(size=shape)
    return (40.0 + image).astype(np.float32)


def by_rings(thickness_nm: float) -> IceThickness | None:
    spectrum = polar_spectrum(thick_micrograph(thickness_nm), pixel_size_angstrom=1.0)
    result = fit_ctf({Source.SUM: spectrum}, optics=Optics())
    assert result.fit is not None, result.reason
    return thickness_by_rings(spectrum, result.fit, Optics())


@pytest.mark.parametrize("thickness_nm", [110.0, 200.0])
def test_fading_rings_tell_the_thickness(thickness_nm: float) -> None:
    found = by_rings(thickness_nm)
    assert found is not None
    assert not found.upper_bound
    assert found.thickness_nm == pytest.approx(thickness_nm, rel=0.15)
    assert abs(found.thickness_nm - thickness_nm) < max(4 * found.error_nm, 6.0)


def test_thin_ice_is_only_bounded() -> None:
    found = by_rings(15.0)
    assert found is not None
    assert found.upper_bound
    assert 50.0 <= found.thickness_nm < 70.0


def test_two_measures_that_contradict_are_a_finding() -> None:
    thin = IceThickness(thickness_nm=30.0, error_nm=4.0, means=Means.INTENSITY)
    thick = IceThickness(thickness_nm=120.0, error_nm=6.0, means=Means.RINGS)
    bound = IceThickness(thickness_nm=50.0, error_nm=8.0, means=Means.RINGS, upper_bound=True)
    assert disagree(thin, thick)
    assert not disagree(thin, bound)
    assert WAVELENGTH_ANGSTROM[300.0] * 1100 / 3.0**2 > 1.0  # the node lies within what is fitted
