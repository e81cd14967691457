"""A tilted specimen's plane of defocus is found by its rings, and a flat one is called flat."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import fft

from smartscope.analysis.base import FloatImage
from smartscope.analysis.ctf.estimate import Source, fit_ctf
from smartscope.analysis.ctf.optics import Optics
from smartscope.analysis.ctf.polar_spectrum import polar_spectrum
from smartscope.analysis.ctf.tilt import DefocusPlane, KnownTilt, defocus_plane
from tests.analysis.ctf.ringed_specimen import Lens, transfer

PIXEL_ANGSTROM = 1.4
SIDE_PX = 1536
MEAN_ANGSTROM = 14_000.0
STRIPS = 24


def tilted(tilt_deg: float, across_deg: float) -> FloatImage:
    """Strips of even defocus, each through its own lens; defocus grows along `across_deg`."""
    rng = np.random.default_rng(2)
    shape = (SIDE_PX, SIDE_PX)
    specimen = fft.rfft2(rng.normal(size=shape))
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX] - (SIDE_PX - 1) / 2
    across = math.radians(across_deg)
    along = PIXEL_ANGSTROM * (x * math.cos(across) + y * math.sin(across))
    depth = math.tan(math.radians(tilt_deg)) * along
    edges = np.linspace(depth.min() - 1.0, depth.max() + 1.0, STRIPS + 1)
    strip = np.digitize(depth, edges) - 1
    image = np.zeros(shape)
    for number in range(STRIPS if tilt_deg else 1):
        middle = 0.5 * (edges[number] + edges[number + 1]) if tilt_deg else 0.0
        lens = Lens(u=MEAN_ANGSTROM + middle + 150, v=MEAN_ANGSTROM + middle - 150, axis_deg=30.0)
        seen = fft.irfft2(specimen * transfer(lens, shape, PIXEL_ANGSTROM), s=shape)
        image += np.where((strip == number) | (tilt_deg == 0.0), seen, 0.0)
    return (40.0 + image + rng.normal(size=shape)).astype(np.float32)


def plane_of(image: FloatImage, known: KnownTilt | None = None) -> DefocusPlane | None:
    spectrum = polar_spectrum(image, pixel_size_angstrom=PIXEL_ANGSTROM)
    result = fit_ctf({Source.SUM: spectrum}, optics=Optics())
    assert result.fit is not None, result.reason
    return defocus_plane(
        [image], result.fit, Optics(), pixel_size_angstrom=PIXEL_ANGSTROM, known=known
    )


@pytest.mark.parametrize(("tilt_deg", "across_deg"), [(30.0, 70.0), (20.0, 250.0)])
def test_the_tilt_and_its_direction_are_found(tilt_deg: float, across_deg: float) -> None:
    plane = plane_of(tilted(tilt_deg, across_deg))
    assert plane is not None
    assert plane.tilt_deg == pytest.approx(tilt_deg, abs=1.0)
    assert abs(plane.tilt_deg - tilt_deg) < 4.0 * plane.tilt_error_deg < 4.0
    assert (plane.axis_deg - across_deg - 90.0 + 90.0) % 180.0 - 90.0 == pytest.approx(0.0, abs=3.0)
    assert plane.middle_angstrom == pytest.approx(MEAN_ANGSTROM, abs=30.0)
    across = math.radians(across_deg)
    there = plane.at(500.0 * math.cos(across), 500.0 * math.sin(across))
    expected = MEAN_ANGSTROM + 500.0 * math.tan(math.radians(tilt_deg))
    assert there == pytest.approx(expected, abs=40.0)


def test_what_the_stage_says_is_one_more_measurement() -> None:
    faint = tilted(20.0, 250.0) + np.random.default_rng(3).normal(0.0, 3.0, (SIDE_PX, SIDE_PX))
    stage = KnownTilt.of_stage(21.0, 340.0, error_deg=0.5)
    plane = plane_of(faint.astype(np.float32), stage)
    assert plane is not None
    assert 0.0 < plane.tilt_error_deg < 0.5
    assert plane.tilt_deg == pytest.approx(20.5, abs=1.0)
    assert plane.axis_deg == pytest.approx(160.0, abs=3.0)


def test_a_flat_specimen_is_flat() -> None:
    assert plane_of(tilted(0.0, 0.0)) is None


def test_a_small_image_has_no_plane() -> None:
    image = tilted(0.0, 0.0)[:800, :800]
    assert plane_of(np.ascontiguousarray(image)) is None
