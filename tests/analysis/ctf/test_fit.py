"""A fit finds what the lens was, with honest errors, and claims nothing without rings."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartscope.analysis import registry
from smartscope.analysis.base import FloatImage
from smartscope.analysis.ctf.estimate import CtfFit, CtfResult, Source, fit_ctf, tile_angstrom
from smartscope.analysis.ctf.estimator import CtfEstimator
from smartscope.analysis.ctf.optics import Optics
from smartscope.analysis.ctf.polar_spectrum import SpectrumGatherer, polar_spectrum
from smartscope.analysis.ctf.search import SearchRange
from smartscope.domain.errors import InvalidInput
from tests.analysis.ctf.ringed_specimen import Lens, micrograph, vector

PIXEL_ANGSTROM = 1.1


def fitted(image: FloatImage, lens: Lens, limits: SearchRange | None = None) -> CtfResult:
    return fit_ctf(
        {Source.SUM: polar_spectrum(image, pixel_size_angstrom=PIXEL_ANGSTROM)},
        optics=Optics(
            voltage_kv=lens.kv,
            spherical_aberration_mm=lens.cs_mm,
            amplitude_contrast=lens.contrast,
        ),
        limits=limits,
    )


def found(image: FloatImage, lens: Lens, limits: SearchRange | None = None) -> CtfFit:
    result = fitted(image, lens, limits)
    assert result.fit is not None, result.reason
    return result.fit


def miss(fit: CtfFit, lens: Lens) -> tuple[float, float]:
    """How far mean defocus and astigmatism vector are off, Å."""
    apart = vector(fit.defocus_u_angstrom, fit.defocus_v_angstrom, fit.axis_deg) - vector(
        lens.u, lens.v, lens.axis_deg
    )
    return fit.defocus_angstrom - 0.5 * (lens.u + lens.v), float(np.hypot(*apart))


@pytest.mark.parametrize(
    "lens",
    [
        Lens(),
        Lens(u=6_730.0, v=6_410.0, axis_deg=171.0),
        Lens(u=31_870.0, v=31_200.0, axis_deg=95.0),
        Lens(kv=200.0, u=18_430.0, v=18_110.0, axis_deg=20.0),
        Lens(kv=120.0, cs_mm=2.0, contrast=0.1, u=12_340.0, v=11_290.0, axis_deg=63.0),
        Lens(cs_mm=0.0, u=9_870.0, v=9_800.0, axis_deg=5.0),
    ],
)
def test_defocus_and_astigmatism_are_found_wherever_they_lie(lens: Lens) -> None:
    fit = found(micrograph(lens), lens)
    defocus_miss, astigmatism_miss = miss(fit, lens)
    assert abs(defocus_miss) < 25.0
    assert astigmatism_miss < max(60.0, 2.5 * fit.astigmatism_error_angstrom)
    assert fit.defocus_u_angstrom >= fit.defocus_v_angstrom
    assert 2.2 < fit.fit_angstrom < 5.0
    assert fit.source is Source.SUM


def test_a_phase_plate_is_found_when_it_is_looked_for() -> None:
    lens = Lens(phase_deg=72.0)
    limits = SearchRange(phase_shift_deg=(0.0, 175.0), defocus_angstrom=(8_000.0, 25_000.0))
    fit = found(micrograph(lens), lens, limits)
    assert fit.phase_shift_error_deg is not None
    assert abs(fit.phase_shift_deg - 72.0) < max(4.0, 3 * fit.phase_shift_error_deg)
    assert abs(miss(fit, lens)[0]) < 100.0
    known = found(micrograph(lens), lens, SearchRange(phase_shift_deg=(72.0, 72.0)))
    assert known.phase_shift_error_deg is None
    assert abs(miss(known, lens)[0]) < 25.0


def test_stated_errors_are_the_real_ones() -> None:
    """Over eight images: errors in units of what is stated have a spread of about one."""
    ratios = []
    for seed in range(8):
        lens = Lens(u=11_000.0 + 731 * seed, v=10_700.0 + 731 * seed, axis_deg=14.0 * seed)
        fit = found(micrograph(lens, side_px=768, signal=0.8, seed=seed), lens)
        ratios.append(miss(fit, lens)[0] / fit.defocus_error_angstrom)
    assert 0.35 < float(np.sqrt(np.mean(np.square(ratios)))) < 1.7


@settings(max_examples=2, deadline=None)
@given(scale=st.floats(1e-3, 1e3), offset=st.floats(-100.0, 100.0))
def test_counts_and_their_zero_do_not_matter(scale: float, offset: float) -> None:
    lens = Lens()
    image = micrograph(lens, side_px=512)
    plain = found(image, lens)
    other = found((scale * (image + np.float32(offset))).astype(np.float32), lens)
    assert other.defocus_u_angstrom == pytest.approx(plain.defocus_u_angstrom, abs=3.0)
    assert other.fit_angstrom == pytest.approx(plain.fit_angstrom, rel=0.02)


def test_a_quarter_turn_turns_the_axis_and_a_mirror_mirrors_it() -> None:
    lens = Lens(u=15_430.0, v=14_430.0, axis_deg=30.0)
    image = micrograph(lens)
    turned = found(np.ascontiguousarray(np.rot90(image)), lens)
    mirrored = found(np.ascontiguousarray(image[:, ::-1]), lens)
    assert miss(turned, replace(lens, axis_deg=120.0))[1] < 60.0
    assert miss(mirrored, replace(lens, axis_deg=150.0))[1] < 60.0


def test_what_moves_between_groups_is_found_in_the_sum_of_their_spectra() -> None:
    lens = Lens(u=9_120.0, v=9_120.0)
    groups = [micrograph(lens, signal=0.5, seed=seed) for seed in range(8)]
    gatherer = SpectrumGatherer(pixel_size_angstrom=PIXEL_ANGSTROM)
    for group in groups:
        gatherer.add(group)
    total = polar_spectrum(
        np.sum(groups, axis=0, dtype=np.float32), pixel_size_angstrom=PIXEL_ANGSTROM
    )
    result = fit_ctf({Source.SUM: total, Source.GROUPS: gatherer.spectrum()}, optics=Optics())
    assert result.fit is not None
    assert result.fit.source is Source.GROUPS
    assert abs(miss(result.fit, lens)[0]) < 20.0


def _noise(rng: np.random.Generator) -> FloatImage:
    return rng.normal(size=(768, 768)).astype(np.float32)


def _edge(rng: np.random.Generator) -> FloatImage:
    y, x = np.mgrid[:768, :768]
    foil = np.hypot(x - rng.integers(768), y - rng.integers(768)) < 400
    return np.asarray(_noise(rng) + 2 * foil, dtype=np.float32)


def _specks(rng: np.random.Generator) -> FloatImage:
    image = _noise(rng)
    for y, x in rng.integers(20, 748, (30, 2)):
        image[y - 8 : y + 8, x - 8 : x + 8] -= 8.0
    return image


def _crystal(rng: np.random.Generator) -> FloatImage:
    y, x = np.mgrid[:768, :768]
    image = _noise(rng)
    for spacing in (3.90, 3.67, 3.44):
        for angle in rng.uniform(0.0, math.pi, 6):
            along = x * math.cos(angle) + y * math.sin(angle)
            image += 0.3 * np.cos(2 * math.pi * along * PIXEL_ANGSTROM / spacing)
    return image.astype(np.float32)


@pytest.mark.parametrize("scene", [_noise, _edge, _specks, _crystal])
def test_no_fit_is_claimed_without_rings(scene: object) -> None:
    assert callable(scene)
    for seed in range(3):
        result = fitted(scene(np.random.default_rng(seed)), Lens())
        assert result.fit is None
        assert result.reason.endswith(".")


def test_a_black_image_says_so() -> None:
    result = fitted(np.zeros((512, 512), np.float32), Lens())
    assert result.fit is None
    assert "black" in result.reason


def test_coarse_pixels_say_so() -> None:
    spectrum = polar_spectrum(micrograph(Lens(), side_px=256), pixel_size_angstrom=30.0)
    result = fit_ctf({Source.SUM: spectrum}, optics=Optics())
    assert result.fit is None
    assert "too coarse" in result.reason


def test_masked_tiles_do_not_disturb() -> None:
    lens = Lens()
    image = micrograph(lens, side_px=2048)
    image[:, :1000] += 50 * np.random.default_rng(1).normal(size=(2048, 1000)).astype(np.float32)
    usable = np.ones(image.shape, dtype=np.bool_)
    usable[:, :1000] = False
    spectrum = polar_spectrum(image, pixel_size_angstrom=PIXEL_ANGSTROM, usable=usable)
    result = fit_ctf({Source.SUM: spectrum}, optics=Optics())
    assert result.fit is not None, result.reason
    assert abs(miss(result.fit, lens)[0]) < 25.0
    with pytest.raises(InvalidInput, match="no part"):
        polar_spectrum(image, pixel_size_angstrom=PIXEL_ANGSTROM, usable=np.zeros_like(usable))


@pytest.mark.parametrize(
    ("image", "pixel_size_angstrom"),
    [
        (np.zeros((100, 500), np.float32), 1.0),
        (np.zeros((3, 500, 500), np.float32), 1.0),
        (np.zeros((500, 500), np.float32), float("nan")),
        (np.full((500, 500), np.nan, np.float32), 1.0),
    ],
)
def test_what_has_no_spectrum_is_refused(image: FloatImage, pixel_size_angstrom: float) -> None:
    with pytest.raises(InvalidInput):
        polar_spectrum(image, pixel_size_angstrom=pixel_size_angstrom)


def test_impossible_ranges_are_refused() -> None:
    for broken in ({"defocus_angstrom": (5.0, 1.0)}, {"phase_shift_deg": (10.0, 0.0)}):
        with pytest.raises(InvalidInput, match="no range"):
            SearchRange(**broken)


def test_a_tile_grows_with_defocus() -> None:
    optics = Optics()
    assert tile_angstrom(optics, None) == tile_angstrom(optics, 10_000.0)
    assert tile_angstrom(optics, 40_000.0) == pytest.approx(1575.0, rel=0.01)


def test_the_built_in_estimator_is_in_the_registry() -> None:
    estimator: CtfEstimator = registry.ctf_estimator("thon-rings")
    assert estimator.manifest.kind == "ctf_estimator"
    lens = Lens()
    result = estimator.estimate(
        micrograph(lens), None, pixel_size_angstrom=PIXEL_ANGSTROM, optics=Optics()
    )
    assert result.fit is not None
    assert abs(miss(result.fit, lens)[0]) < 25.0
