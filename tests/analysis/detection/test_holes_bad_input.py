"""Whatever a camera delivers, the chain of hole finders answers: few holes or none, and why."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from smartscope.analysis.base import FindContext, Image, Level
from smartscope.analysis.pipeline import HoleFindings, find_holes
from tests.analysis.pictures import centred, draw_film, recall

SIDE = 480
FILM = draw_film(shape=(SIDE, SIDE))
Picture = NDArray[np.generic]


def random() -> np.random.Generator:
    return np.random.default_rng(3)


def bars() -> Picture:
    along = np.arange(SIDE) % 160 < 16
    clean = np.where(np.logical_or.outer(along, along), 5.0, 100.0)
    return clean + random().normal(0, 3, (SIDE, SIDE))


NO_FILM: dict[str, Callable[[], Picture]] = {
    "black": lambda: np.zeros((SIDE, SIDE), dtype=np.int16),
    "black with counts": lambda: random().poisson(2, (SIDE, SIDE)),
    "saturated": lambda: np.full((SIDE, SIDE), 65535, dtype=np.uint16),
    "saturated film": lambda: np.clip(FILM.image.pixels * 100, 0, 65535),
    "noise": lambda: random().normal(100, 10, (SIDE, SIDE)),
    "contrast lost in noise": lambda: (
        FILM.image.pixels * 1e-3 + random().normal(100, 10, (SIDE, SIDE))
    ),
    "a gradient": lambda: np.add.outer(np.arange(SIDE), np.arange(SIDE)),
    "stripes": lambda: np.sin(np.arange(SIDE) / 4)[None, :] + random().normal(0, 0.3, (SIDE, SIDE)),
    "hot pixels": lambda: np.where(random().random((SIDE, SIDE)) < 1e-3, 60000, 100),
    "bars only": bars,
    "clouds": lambda: ndimage.gaussian_filter(random().normal(0, 1, (SIDE, SIDE)), 5) * 1e3,
    "a crop of two holes": lambda: FILM.image.pixels[200:250, 200:250],
    "not a number": lambda: np.full((SIDE, SIDE), np.nan),
}


def looked_at(pixels: Picture, context: FindContext, pixel_um: float = 0.08) -> HoleFindings:
    height, width = pixels.shape
    image = Image.from_array(pixels, level=Level.SQUARE, to_stage=centred(width, height, pixel_um))
    return find_holes(image, context)


@pytest.mark.parametrize("declared", [True, False], ids=["film declared", "nothing declared"])
@pytest.mark.parametrize("name", NO_FILM)
def test_a_picture_without_holes_gives_none_and_says_why(name: str, declared: bool) -> None:
    found = looked_at(NO_FILM[name](), FILM.context if declared else FindContext())
    assert found.holes == ()
    assert found.needs_review
    assert found.diagnostics["failures"]


def test_a_turned_picture_shows_its_holes() -> None:
    turned = ndimage.rotate(FILM.image.pixels, 33, reshape=False, order=1)
    found = looked_at(turned, FILM.context)
    assert not found.needs_review
    assert len(found.holes) > 100


def test_a_cropped_picture_shows_the_holes_left() -> None:
    found = looked_at(FILM.image.pixels[60:260, 60:260], FILM.context)
    places = np.array([(h.x_px + 60, h.y_px + 60) for h in found.holes if not h.off_lattice])
    inside = ((FILM.truth > 67) & (FILM.truth < 253)).all(axis=1)
    assert recall(places, FILM.truth[inside], 2.5) == 1.0
    assert recall(FILM.truth, places, 2.5) >= 0.95


@pytest.mark.parametrize("factor", [0.1, 0.3, 3.0, 10.0])
def test_a_wrong_pixel_size_is_told(factor: float) -> None:
    found = looked_at(FILM.image.pixels, FILM.context, 0.08 * factor)
    assert found.needs_review
    assert len(found.holes) < 3 * len(FILM.truth)
    assert "µm film" in str(found.diagnostics["failures"])
