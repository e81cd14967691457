"""Exposures are named by indicators that ignore the camera; what cannot be judged says why."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from smartscope.analysis import registry
from smartscope.analysis.base import UnusableImage
from smartscope.analysis.quality import contract
from smartscope.analysis.quality.assessor import Quality
from smartscope.analysis.quality.classes import CLASSES, ExposureClass
from smartscope.analysis.quality.context import Context
from smartscope.analysis.quality.indicators import NAMES, indicators
from smartscope.analysis.quality.mask import DirtMask
from smartscope.analysis.quality.rules import RuleAssessor
from smartscope.analysis.quality.whole_field import SURE, with_whole_fields

PIXEL_ANGSTROM = 1.5
SIDE_PX = 640
KNOWN = Context(
    ctf_sought=True,
    ctf_fit_angstrom=4.2,
    defocus_error_angstrom=12.0,
    seen_ice_nm=35.0,
    rings_ice_nm=50.0,
    drift_angstrom=6.0,
    frame_step_angstrom=0.8,
)


@cache
def ice(blobs: int = 60) -> NDArray[np.float32]:
    """Counts of ice with dark blobs of 140 Å."""
    rng = np.random.default_rng(4)
    dots = np.zeros((SIDE_PX, SIDE_PX))
    dots[tuple(rng.integers(0, SIDE_PX, (2, blobs)))] = 1.0
    size = 45.0 / PIXEL_ANGSTROM
    molecules = ndimage.gaussian_filter(dots, size) * 2.0 * np.pi * size**2
    return rng.poisson(40.0 * np.clip(1.0 - 0.03 * molecules, 0.1, None)).astype(np.float32)


def seen(picture: NDArray[np.float32], context: Context = KNOWN) -> ExposureClass:
    """What limits call it."""
    return RuleAssessor().assess(picture, context, pixel_size_angstrom=PIXEL_ANGSTROM).label


@pytest.mark.parametrize("name", ["quality-network", "quality-rules"])
def test_each_assessor_keeps_the_contract(name: str) -> None:
    contract.check_assessor(registry.quality_assessor(name), ice(), PIXEL_ANGSTROM)


def test_the_dirt_finder_keeps_the_contract() -> None:
    contract.check_dirt_finder(registry.dirt_finder("dirt-levels"), ice(), PIXEL_ANGSTROM)


def test_every_indicator_of_ordinary_ice_is_a_number() -> None:
    values = indicators(ice(), KNOWN, pixel_size_angstrom=PIXEL_ANGSTROM)
    assert values.shape == (len(NAMES),)
    assert np.isfinite(values).all()


def test_pixels_too_large_for_a_lattice_leave_only_its_spots_unknown() -> None:
    values = indicators(ice(), KNOWN, pixel_size_angstrom=2.5)
    unknown = {name for name, value in zip(NAMES, values, strict=True) if not np.isfinite(value)}
    assert unknown == {"spot_3.90", "spot_3.67", "spot_3.44"}


def test_limits_name_what_a_single_number_tells() -> None:
    assert seen(ice()) is ExposureClass.GOOD
    assert seen(ice(), replace(KNOWN, seen_ice_nm=160.0)) is ExposureClass.THICK
    assert seen(ice(), replace(KNOWN, seen_ice_nm=2.0)) is ExposureClass.NO_ICE
    assert seen(ice(), replace(KNOWN, frame_step_angstrom=7.0)) is ExposureClass.BLURRED
    assert seen(ice(blobs=0)) is ExposureClass.NO_PARTICLES
    foil = ice().copy()
    foil[:, : SIDE_PX // 3] *= 0.6
    assert seen(foil) is ExposureClass.FOIL


def test_the_network_says_unknown_to_what_it_never_saw() -> None:
    network = registry.quality_assessor("quality-network")
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
    stripes = (100.0 + 90.0 * np.sign(np.sin(x / 9.0)) + y % 7).astype(np.float32)
    said = network.assess(stripes, Context(), pixel_size_angstrom=PIXEL_ANGSTROM)
    assert said.label is ExposureClass.UNKNOWN
    assert said.novelty is not None
    assert said.novelty > 1.0
    assert "nearest to" in said.reasons[0]


def test_reasons_name_what_was_measured() -> None:
    said = RuleAssessor().assess(
        ice(), replace(KNOWN, frame_step_angstrom=7.0), pixel_size_angstrom=PIXEL_ANGSTROM
    )
    assert "moves 7.0 Å from frame to frame" in said.reasons


def test_a_field_too_small_is_refused_with_its_size() -> None:
    with pytest.raises(UnusableImage, match=r"shows 150 Å a side; 384 Å are needed"):
        indicators(ice()[:100, :100], KNOWN, pixel_size_angstrom=PIXEL_ANGSTROM)


def test_a_ball_of_frost_is_masked_and_clean_ice_is_not() -> None:
    finder = registry.dirt_finder("dirt-levels")
    clean = finder.mask(ice(), pixel_size_angstrom=PIXEL_ANGSTROM)
    assert clean.fraction < 0.01
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
    ball = np.hypot(x - 200, y - 300) < 130
    dirty = np.where(ball, 0.4 * ice(), ice()).astype(np.float32)
    found = finder.mask(dirty, pixel_size_angstrom=PIXEL_ANGSTROM)
    assert abs(found.fraction - ball.mean()) < 0.05
    middle = (round(c * PIXEL_ANGSTROM / found.pixel_size_angstrom) for c in (300, 200))
    assert found.mask[tuple(middle)]


def test_the_classes_are_those_of_the_ranking_and_of_the_page() -> None:
    from smartscope.domain.labels import EXPOSURE_CLASSES
    from smartscope.domain.ranking import FAULT_OF_CLASS

    assert set(EXPOSURE_CLASSES) == set(ExposureClass)
    assert set(FAULT_OF_CLASS) == set(CLASSES) - {ExposureClass.GOOD, ExposureClass.NO_PARTICLES}


@pytest.mark.parametrize(
    ("sure", "stands_out", "covered"), [(0.9, 0.0, 1.0), (0.4, 0.0, 0.0), (0.9, 0.25, 0.25)]
)
def test_a_field_that_is_surely_all_foil_is_masked_whole(
    sure: float, stands_out: float, covered: float
) -> None:
    mask = np.zeros((40, 40), dtype=np.bool_)
    mask[: round(40 * stands_out)] = True
    shares: dict[ExposureClass, float] = {
        **dict.fromkeys(CLASSES, 0.0),
        ExposureClass.FOIL: 0.75 * sure,
        ExposureClass.CONTAMINATED: 0.25 * sure,
        ExposureClass.GOOD: 1.0 - sure,
    }
    said = Quality(
        label=ExposureClass.FOIL, probability=sure, probabilities=shares, novelty=0.5, reasons=()
    )
    assert with_whole_fields(DirtMask(mask, 20.0), said).fraction == covered


def test_limits_alone_never_mask_a_whole_field() -> None:
    said = RuleAssessor().assess(ice(), KNOWN, pixel_size_angstrom=PIXEL_ANGSTROM)
    assert max(said.probabilities.values()) < SURE
