"""The selectors that judge: ice by torn foil, class by the most probable label."""

from __future__ import annotations

import math

import numpy as np
import pytest

from smartscope.analysis import registry
from smartscope.analysis.base import Image, Level
from tests.analysis.pictures import draw_film

DRAWN = draw_film(hole=math.exp(-60 / 300), film=0.7, noise=0.02)


def test_ice_is_measured_against_torn_foil_and_unknown_without() -> None:
    found = registry.finder("classical-holes").find(DRAWN.image, DRAWN.context)
    selector = registry.selector("ice")
    assert np.isnan(selector.values(DRAWN.image, found)).all()
    pixels = DRAWN.image.pixels.copy()
    pixels[60:130, 60:130] = 1000.0
    torn = Image.from_array(pixels, level=Level.SQUARE, to_stage=DRAWN.image.to_stage)
    found = registry.finder("classical-holes").find(torn, DRAWN.context)
    assert np.median(selector.values(torn, found)) == pytest.approx(60.0, abs=8.0)


def test_a_class_is_the_place_of_its_label() -> None:
    found = registry.finder("classical-holes").find(DRAWN.image, DRAWN.context)
    values = registry.selector("class").values(None, found)
    chosen = [found.labels[int(value) - 1] for value in values]
    assert chosen == [found.labels[int(p)] for p in found.probabilities.argmax(axis=1)]
    assert set(values) == {1.0}
