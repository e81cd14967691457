"""What every judge of exposures and every finder of dirt must keep, as checks for their authors.

Each function raises `AssertionError` with a sentence; none needs a test framework.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatImage, UnusableImage
from smartscope.analysis.quality.assessor import QualityAssessor
from smartscope.analysis.quality.classes import CLASSES, ExposureClass
from smartscope.analysis.quality.context import Context
from smartscope.analysis.quality.mask import DirtFinder

#: probabilities of the same picture in other counts, or mirrored, differ by no more
SAME_WITHIN = 0.05


def awkward_exposures() -> tuple[NDArray[np.generic], ...]:
    """Pictures nobody wants: black, constant, without a number, one pixel, a strip, a cube."""
    return (
        np.zeros((512, 512), dtype=np.uint16),
        np.full((512, 512), 7, dtype=np.uint8),
        np.full((512, 512), np.nan, dtype=np.float32),
        np.ones((1, 1), dtype=np.float32),
        np.arange(900, dtype=np.float32).reshape(1, 900),
        np.ones((2, 64, 64), dtype=np.float32),
    )


def check_assessor(assessor: QualityAssessor, picture: FloatImage, pixel_angstrom: float) -> None:
    """Well-formed answers with and without context, the same twice, in other counts, mirrored;
    a sentence for what cannot be judged.
    """
    card = assessor.manifest
    assert card.kind == "quality_assessor", f"{card.name}: kind is {card.kind!r}"
    assert card.label_keys() == tuple(CLASSES), f"{card.name}: labels are not the eight classes"
    before = picture.copy()
    first = _probabilities(assessor, picture, pixel_angstrom)
    assert np.array_equal(picture, before), f"{card.name}: changed its input"
    again = _probabilities(assessor, picture, pixel_angstrom)
    assert np.array_equal(first, again), f"{card.name}: differs the second time"
    for other in (16.0 * picture, np.ascontiguousarray(picture[:, ::-1])):
        said = _probabilities(assessor, other, pixel_angstrom)
        assert np.abs(said - first).max() < SAME_WITHIN, f"{card.name}: {said} is not {first}"
    _check_refusals(
        lambda awkward: assessor.assess(awkward, Context(), pixel_size_angstrom=pixel_angstrom),
        card.name,
    )


def check_dirt_finder(finder: DirtFinder, picture: FloatImage, pixel_angstrom: float) -> None:
    """A mask of the picture's shape, the same twice and in other counts; a sentence for what
    cannot be looked at.
    """
    card = finder.manifest
    assert card.kind == "dirt_finder", f"{card.name}: kind is {card.kind!r}"
    first = finder.mask(picture, pixel_size_angstrom=pixel_angstrom)
    height, width = first.mask.shape
    spans = height * first.pixel_size_angstrom, width * first.pixel_size_angstrom
    for span, side in zip(spans, picture.shape, strict=True):
        assert abs(span - side * pixel_angstrom) < 0.02 * span, f"{card.name}: the mask is smaller"
    other = finder.mask(16.0 * picture, pixel_size_angstrom=pixel_angstrom)
    assert (first.mask != other.mask).mean() < 0.01, f"{card.name}: depends on the camera's counts"
    _check_refusals(
        lambda awkward: finder.mask(awkward, pixel_size_angstrom=pixel_angstrom), card.name
    )


def _probabilities(
    assessor: QualityAssessor, picture: FloatImage, pixel_angstrom: float
) -> NDArray[np.float64]:
    seen = assessor.assess(picture, Context(), pixel_size_angstrom=pixel_angstrom)
    said = np.array([seen.probabilities[each] for each in CLASSES])
    assert abs(said.sum() - 1.0) < 1e-6, f"{assessor.manifest.name}: probabilities miss 1"
    assert seen.label in ExposureClass, f"{seen.label} is no class"
    assert seen.reasons, f"{assessor.manifest.name}: says no reason"
    return said


def _check_refusals(look: Callable[[NDArray[np.generic]], object], name: str) -> None:
    for awkward in awkward_exposures():
        said = _refusal(look, awkward)
        assert said, f"{name}: {awkward.shape} {awkward.dtype} was judged"
        assert said.endswith((".", "?")), f"{name}: {said} is no sentence"


def _refusal(look: Callable[[NDArray[np.generic]], object], picture: NDArray[np.generic]) -> str:
    try:
        look(picture)
    except UnusableImage as refusal:
        return str(refusal)
    return ""
