"""Ice by how its rings fade: with an error, checked by slices of ice each at its own defocus."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import fft

from smartscope.analysis.base import FloatImage
from smartscope.analysis.ctf.estimate import Source, fit_ctf
from smartscope.analysis.ctf.ice_thickness import IceThickness, thickness_by_rings
from smartscope.analysis.ctf.optics import Optics
from smartscope.analysis.ctf.polar_spectrum import polar_spectrum
from tests.analysis.ctf.ringed_specimen import Lens, transfer

LENS = Lens(u=12_310.0, v=12_010.0, axis_deg=20.0)
SLICES = 15


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
