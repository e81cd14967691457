"""The network hole finder on drawn films, and on pictures in which there is nothing to find."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from smartscope.analysis.base import FindContext, Findings, Image, Level
from smartscope.analysis.contract import check_findings
from smartscope.analysis.networks.network_holes import NetworkHoleFinder
from tests.analysis.pictures import Drawn, centred, draw_film, recall

FINDER = NetworkHoleFinder()
FILMS = {
    "square lattice": draw_film(),
    "triangular lattice": draw_film(between_deg=60.0, pitch=34.0),
    "bright holes in gold": draw_film(film=0.19, hole=0.85, foil="gold"),
    "small holes": draw_film(pitch=14.0, radius=3.5, noise=0.03),
    "large holes": draw_film(shape=(900, 900), pitch=88.0, radius=22.0),
}


def on_lattice(found: Findings) -> NDArray[np.float64]:
    return np.asarray(found.positions_px[found.probabilities.argmax(axis=1) != 2])


def of(pixels: NDArray[np.generic]) -> Image:
    height, width = pixels.shape
    return Image.from_array(pixels, level=Level.SQUARE, to_stage=centred(width, height, 0.08))


@pytest.mark.parametrize("name", FILMS)
def test_holes_are_found_on_every_film(name: str) -> None:
    drawn = FILMS[name]
    found = FINDER.find(drawn.image, drawn.context)
    reach = 0.3 * float(np.median(found.radii_px)) + 0.5
    assert recall(on_lattice(found), drawn.truth, reach) >= 0.97
    assert recall(drawn.truth, on_lattice(found), reach) >= 0.93


def test_an_undeclared_or_wrongly_declared_film_is_measured() -> None:
    drawn = FILMS["square lattice"]
    wrong = dataclasses.replace(drawn.context, hole_pitch_um=1.6, hole_diameter_um=0.6)
    for context in (FindContext(), wrong):
        found = FINDER.find(drawn.image, context)
        assert found.lattice is not None
        assert found.lattice.pitch_px == pytest.approx(30.0, rel=0.02)
        assert recall(on_lattice(found), drawn.truth, 2.5) >= 0.93


def test_dark_holes_are_predicted() -> None:
    drawn = draw_film(dark_every=7)
    found = FINDER.find(drawn.image, drawn.context)
    assert recall(on_lattice(found), drawn.truth, 2.5) >= 0.93


def bad_pictures() -> dict[str, NDArray[np.generic]]:
    random = np.random.default_rng(0)
    drawn: Drawn = FILMS["square lattice"]
    pixels = drawn.image.pixels
    rows, columns = np.mgrid[:600, :600]
    return {
        "all black": np.zeros((512, 512), np.uint16),
        "saturated": np.full((512, 512), 65535, np.uint16),
        "shot noise": random.poisson(9, (700, 600)).astype(np.uint16),
        "a gradient": (rows + 2.0 * columns).astype(np.float32),
        "clouds": np.cumsum(np.cumsum(random.normal(size=(600, 600)), 0), 1).astype(np.float32),
        "one hole": np.where(np.hypot(rows - 300, columns - 280) < 120, 900, 500).astype(np.uint16),
        "cropped to a corner": pixels[:70, :70],
        "almost no contrast": (1000 + 0.001 * (pixels - pixels.mean())).astype(np.uint16),
        "mostly saturated": np.minimum(pixels, np.percentile(pixels, 20)),
        "not a number": np.full((128, 128), np.nan),
    }


@pytest.mark.parametrize("name", bad_pictures())
@pytest.mark.parametrize("declared", [True, False])
def test_a_picture_of_nothing_gives_few_targets_and_a_reason(name: str, declared: bool) -> None:
    image = of(bad_pictures()[name])
    context = FILMS["square lattice"].context if declared else FindContext()
    found = FINDER.find(image, context)
    check_findings(FINDER, image, found)
    assert len(found) <= 25
    assert len(found) > 0 or found.diagnostics["reason"]
