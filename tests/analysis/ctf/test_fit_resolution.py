"""CTFFIND's rule stops where rings stop, and never claims rings that are not there."""

from __future__ import annotations

import numpy as np
import pytest

from smartscope.analysis.ctf.estimate import Source, fit_ctf
from smartscope.analysis.ctf.fit_resolution import equiphase_profile, fit_limit
from smartscope.analysis.ctf.optics import Defocus, Optics
from smartscope.analysis.ctf.polar_spectrum import PolarSpectrum, polar_spectrum
from smartscope.analysis.ctf.power_spectrum import power_spectrum
from smartscope.analysis.ctf.ring_picture import ring_picture
from tests.analysis.ctf.ringed_specimen import Lens, micrograph

LENS = Lens(u=12_100.0, v=11_900.0, axis_deg=70.0)
DEFOCUS = Defocus.of_axes(LENS.u, LENS.v, LENS.axis_deg)


def spectrum_of(b_factor: float, pixel_size_angstrom: float = 1.0) -> PolarSpectrum:
    image = micrograph(LENS, pixel_size_angstrom=pixel_size_angstrom, b_factor=b_factor, signal=2.0)
    return polar_spectrum(image, pixel_size_angstrom=pixel_size_angstrom)


def limit_of(spectrum: PolarSpectrum, defocus: Defocus) -> float | None:
    profile = equiphase_profile(spectrum, Optics(), defocus, coarsest_angstrom=30.0)
    return fit_limit(profile, Optics(), defocus).angstrom


def test_rings_that_fade_sooner_end_sooner() -> None:
    strong, weak, faint = (limit_of(spectrum_of(b), DEFOCUS) for b in (0.0, 200.0, 800.0))
    assert strong is not None
    assert weak is not None
    assert faint is not None
    assert strong < 2.4
    assert strong < weak < faint


def test_a_wrong_defocus_is_followed_less_far() -> None:
    spectrum = spectrum_of(60.0)
    true = limit_of(spectrum, DEFOCUS)
    wrong = limit_of(spectrum, Defocus(mean_angstrom=9_000.0))
    assert true is not None
    assert wrong is None or wrong > 2 * true


def test_directions_are_averaged_along_equal_phase() -> None:
    lens = Lens(u=14_000.0, v=10_000.0, axis_deg=20.0)
    image = micrograph(lens, pixel_size_angstrom=1.0, signal=2.0)
    spectrum = polar_spectrum(image, pixel_size_angstrom=1.0)
    bent = limit_of(spectrum, Defocus.of_axes(lens.u, lens.v, lens.axis_deg))
    round_one = limit_of(spectrum, Defocus(mean_angstrom=12_000.0))
    assert bent is not None
    assert bent < 3.5
    assert round_one is None or round_one > 1.5 * bent


def test_rings_finer_than_the_tile_shows_are_called_aliased() -> None:
    image = micrograph(Lens(u=50_000.0, v=50_000.0), pixel_size_angstrom=1.0, signal=2.0)
    spectrum = polar_spectrum(image, pixel_size_angstrom=1.0, tile_angstrom=512.0)
    defocus = Defocus(mean_angstrom=50_000.0)
    profile = equiphase_profile(spectrum, Optics(), defocus, coarsest_angstrom=30.0)
    aliased = fit_limit(profile, Optics(), defocus).aliased_from_angstrom
    # Extrema 4 bins apart: 2λΔf·k·(1/512) = 1/4
    assert aliased == pytest.approx(2 * 0.0197 * 50_000 * 4 / 512, rel=0.05)


def test_the_picture_shows_the_same_rings_on_both_sides() -> None:
    image = micrograph(LENS, pixel_size_angstrom=1.0, signal=20.0, b_factor=0.0)
    result = fit_ctf({Source.SUM: polar_spectrum(image, pixel_size_angstrom=1.0)}, optics=Optics())
    assert result.fit is not None
    assert result.profile is not None
    shown = power_spectrum(image, pixel_size_angstrom=1.0)
    picture = ring_picture(shown, result.fit, result.profile, Optics())
    assert picture.shape == shown.amplitude.shape
    assert picture.min() >= 0.0
    assert picture.max() <= 1.0
    middle = len(picture) // 2
    # A real image's spectrum is symmetric through zero: left lower mirrors to right upper.
    mirrored = picture[1:, 1:][::-1, ::-1]
    inner = slice(middle - 150, middle + 150)
    for rows in (slice(middle - 150, middle - 5), slice(middle + 5, middle + 150)):
        left = mirrored[rows, middle + 5 : middle + 150].ravel()
        right = picture[1:, 1:][rows, middle + 5 : middle + 150].ravel()
        assert np.corrcoef(left, right)[0, 1] > 0.5
    assert inner.stop > inner.start
