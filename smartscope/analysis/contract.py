"""What every finder must keep, as checks that plug-in authors run in their own tests.

Each function raises `AssertionError` with a sentence; none needs a test framework.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import (
    FindContext,
    Finder,
    Findings,
    Image,
    Level,
    Selector,
)
from smartscope.domain.geometry import Affine, Point

TURN_TOLERANCE_PX = 1.5


def awkward_images(level: Level) -> tuple[Image, ...]:
    """Images nobody wants but everybody gets: constant, black, all invalid, one pixel, a
    thin strip.
    """
    arrays: tuple[NDArray[np.generic], ...] = (
        np.full((64, 80), 100, dtype=np.uint8),
        np.zeros((64, 80), dtype=np.int16),
        np.full((32, 32), np.nan),
        np.ones((1, 1)),
        np.arange(300, dtype=np.float32).reshape(1, 300),
    )
    return tuple(
        Image.from_array(array, level=level, to_stage=Affine.scaled(0.1, Point(0.0, 0.0), 64, 64))
        for array in arrays
    )


def check_manifest(finder: Finder) -> None:
    """The manifest says what it is, and its labels carry colours and distinct values."""
    card = finder.manifest
    assert card.kind == "finder", f"{card.name}: kind is {card.kind!r}, not 'finder'"
    assert card.labels, f"{card.name}: a finder declares the labels it gives"
    values = [label.value for label in card.labels]
    assert len(set(values)) == len(values), f"{card.name}: two labels share a value"
    for label in card.labels:
        assert len(label.colour) == 7, f"{card.name}: {label.key} has no #rrggbb colour"


def check_awkward_images(finder: Finder, level: Level, context: FindContext) -> None:
    """No awkward image raises, and every answer about one is well formed."""
    for image in awkward_images(level):
        check_findings(finder, image, finder.find(image, context))


def check_findings(finder: Finder, image: Image, found: Findings) -> None:
    """Lengths agree, probabilities sum to one, labels are declared, targets touch the image,
    sorted.
    """
    count, name = len(found), finder.manifest.name
    assert found.boxes_px.shape == (count, 4), f"{name}: boxes have shape {found.boxes_px.shape}"
    assert found.radii_px.shape == found.scores.shape == found.predicted.shape == (count,)
    assert found.labels == finder.manifest.label_keys(), f"{name}: labels are not the declared ones"
    assert found.probabilities.shape == (count, len(found.labels))
    if count == 0:
        return
    assert np.allclose(found.probabilities.sum(axis=1), 1.0), f"{name}: probabilities miss 1"
    assert ((found.scores >= 0) & (found.scores <= 1)).all(), f"{name}: a score is outside 0-1"
    height, width = image.pixels.shape
    touches = (found.boxes_px[:, 2:] >= 0) & (found.boxes_px[:, :2] <= [width - 1, height - 1])
    assert touches.all(), f"{name}: a target lies outside the image"


def check_determinism(finder: Finder, image: Image, context: FindContext) -> None:
    """The same image gives the same bits twice and is left as it was."""
    before = image.pixels.copy()
    first, second = finder.find(image, context), finder.find(image, context)
    assert np.array_equal(image.pixels, before), f"{finder.manifest.name}: changed its input"
    assert np.array_equal(first.positions_px, second.positions_px)
    assert np.array_equal(first.probabilities, second.probabilities)


def check_grey_change(finder: Finder, image: Image, context: FindContext) -> None:
    """Twice the counts plus an offset shows the same targets."""
    other = Image(
        image.pixels * np.float32(2.0) + np.float32(50.0),
        image.level,
        image.to_stage,
        image.tilt_deg,
        image.mask,
    )
    _assert_same_places(finder, finder.find(image, context), finder.find(other, context), _stay)


def check_quarter_turn(finder: Finder, image: Image, context: FindContext) -> None:
    """The picture turned by 90° shows the targets turned by 90°."""
    m, last = image.to_stage, image.pixels.shape[1] - 1
    turned_map = Affine(m.b, -m.a, m.tx + m.a * last, m.d, -m.c, m.ty + m.c * last)
    other = Image(np.ascontiguousarray(np.rot90(image.pixels)), image.level, turned_map)

    def back(positions: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([last - positions[:, 1], positions[:, 0]])

    _assert_same_places(finder, finder.find(image, context), finder.find(other, context), back)


def check_selector(selector: Selector, image: Image, found: Findings) -> None:
    """One value per target; not a number, never an error, where there is no image."""
    assert selector.manifest.kind == "selector"
    assert selector.values(image, found).shape == (len(found),)
    assert selector.values(None, found).shape == (len(found),)


def _stay(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    return positions


def _assert_same_places(
    finder: Finder,
    one: Findings,
    other: Findings,
    back: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> None:
    name = finder.manifest.name
    assert abs(len(one) - len(other)) <= 0.02 * len(one) + 1, (
        f"{name}: {len(one)} then {len(other)}"
    )
    if len(one) == 0:
        return
    apart = np.linalg.norm(
        one.positions_px[:, None] - back(other.positions_px)[None, :], axis=2
    ).min(axis=1)
    limit = TURN_TOLERANCE_PX + 0.02 * float(np.median(one.radii_px))
    assert float((apart <= limit).mean()) >= 0.97, f"{name}: targets moved by {apart.max():.1f} px"
