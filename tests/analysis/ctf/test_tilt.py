"""A tilted specimen's plane of defocus is found by its rings, and a flat one is called flat."""

from __future__ import annotations

import math

import numpy as np
import pytest

from smartscope.analysis.base import FloatImage
from smartscope.analysis.ctf.estimate import Source, fit_ctf
from smartscope.analysis.ctf.optics import Optics
from smartscope.analysis.ctf.polar_spectrum import polar_spectrum
from smartscope.analysis.ctf.stage_tilt import KnownTilt, StageTilt, tilt_axis_deg
from smartscope.analysis.ctf.tile_spectra import TileGatherer
from smartscope.analysis.ctf.tilt import DefocusPlane, defocus_plane, doubt
from smartscope.domain.geometry import Affine
from tests.analysis.ctf.tilted_specimen import MEAN_ANGSTROM, PIXEL_ANGSTROM, SIDE_PX, tilted


def plane_of(image: FloatImage, known: KnownTilt | None = None) -> DefocusPlane | None:
    spectrum = polar_spectrum(image, pixel_size_angstrom=PIXEL_ANGSTROM)
    result = fit_ctf({Source.SUM: spectrum}, optics=Optics())
    assert result.fit is not None, result.reason
    stack = TileGatherer.of(image, pixel_size_angstrom=PIXEL_ANGSTROM).stack()
    return defocus_plane([] if stack is None else [stack], result.fit, Optics(), known=known)


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
    # the stage does not tell the hand: defocus grows as the rings have it
    assert plane.rises_deg == pytest.approx(250.0, abs=3.0)
    assert not plane.contradicted


def test_rings_that_contradict_the_stage_are_believed_and_it_is_said() -> None:
    stage = StageTilt(tilt_deg=-40.0, axis_deg=340.0)
    plane = plane_of(tilted(20.0, 250.0), stage.known)
    assert plane is not None
    assert plane.contradicted
    assert plane.tilt_deg == pytest.approx(20.0, abs=1.0)
    said = doubt(plane, stage)
    assert "tilted by" in said
    assert "the stage says 40.0° about 160°" in said


def test_a_flat_specimen_on_a_tilted_stage_is_told_of() -> None:
    stage = StageTilt(tilt_deg=30.0, axis_deg=0.0)
    plane = plane_of(tilted(0.0, 0.0), stage.known)
    assert plane is not None
    assert plane.contradicted
    assert plane.tilt_deg < 1.0


def test_the_axis_is_the_stages_x_as_the_picture_shows_it() -> None:
    turned = math.radians(35.0)
    cos, sin = math.cos(turned), math.sin(turned)
    # the picture's x axis lies 35° from the stage's
    assert tilt_axis_deg(Affine(cos, -sin, 0.0, sin, cos, 0.0)) == pytest.approx(145.0)
    assert tilt_axis_deg(Affine(1e-4, 0.0, 3.0, 0.0, 1e-4, 5.0)) == pytest.approx(0.0)
    x, y = math.cos(math.radians(145.0)), math.sin(math.radians(145.0))
    assert sin * x + cos * y == pytest.approx(0.0, abs=1e-9)


def test_a_flat_specimen_is_flat() -> None:
    assert plane_of(tilted(0.0, 0.0)) is None


def test_a_small_image_has_no_plane() -> None:
    image = tilted(0.0, 0.0)[:800, :800]
    assert plane_of(np.ascontiguousarray(image)) is None
