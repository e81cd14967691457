"""The classical hole finder on drawn films."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from smartscope.analysis.base import FindContext, Image, Level
from smartscope.analysis.pipeline import HoleFindings, find_holes
from tests.analysis.pictures import Drawn, centred, draw_film, recall


def _film(**changes: Any) -> Drawn:
    """Between bars that are wider than a pitch, as a mesh's are: a narrower strip is dark film."""
    return draw_film(shape=(460, 460), edge=50, **changes)


FILMS = {
    "square lattice": _film(),
    "unrotated": _film(angle_deg=0.0),
    "triangular lattice": _film(between_deg=60.0, pitch=34.0),
    "bright holes in gold": _film(film=0.19, hole=0.85, foil="gold"),
    "small holes": _film(pitch=14.0, radius=3.5, noise=0.03),
}


def places(found: HoleFindings) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Positions of holes that are on the lattice."""
    return np.array([(h.x_px, h.y_px) for h in found.holes if not h.off_lattice]).reshape(-1, 2)


@pytest.mark.parametrize("name", FILMS)
def test_holes_are_found_where_they_are_on_every_film(name: str) -> None:
    drawn = FILMS[name]
    found = find_holes(drawn.image, drawn.context)
    radius = found.holes[0].radius_um / drawn.image.pixel_size_um
    assert recall(places(found), drawn.truth, 0.3 * radius + 0.5) >= 0.98
    assert recall(drawn.truth, places(found), 0.3 * radius + 0.5) >= 0.95
    assert not found.needs_review


def test_the_lattice_names_the_film() -> None:
    square, triangular = FILMS["square lattice"], FILMS["triangular lattice"]
    assert find_holes(square.image, square.context).lattice_kind == "square"
    assert find_holes(triangular.image, triangular.context).lattice_kind == "triangular"


def test_pitch_and_diameter_are_measured_not_copied() -> None:
    drawn = draw_film()
    wrong = dataclasses.replace(drawn.context, hole_pitch_um=2.0, hole_diameter_um=1.0)
    found = find_holes(drawn.image, wrong)
    assert found.pitch_um == pytest.approx(30 * 0.08, rel=0.01)
    assert found.diameter_um == pytest.approx(14 * 0.08, rel=0.12)
    assert "pitch 2.40 µm on a 2 µm film" in str(found.diagnostics["failures"])


def test_holes_as_dark_as_the_film_are_predicted_by_the_lattice() -> None:
    drawn = draw_film(dark_every=7)
    found = find_holes(drawn.image, drawn.context)
    dark = drawn.truth[::7]
    predicted = np.array([(h.x_px, h.y_px) for h in found.holes if h.origin == "predicted"])
    assert recall(places(found), drawn.truth, 2.5) >= 0.98
    assert recall(predicted, dark, 2.5) >= 0.8


def test_a_stitching_break_costs_no_holes() -> None:
    drawn = draw_film(break_px=13.0, angle_deg=3.0, shape=(420, 640))
    found = find_holes(drawn.image, drawn.context)
    assert recall(places(found), drawn.truth, 2.5) >= 0.97


def test_ice_follows_from_vacuum_and_its_error_is_stated() -> None:
    thickness = 60.0
    drawn = draw_film(hole=math.exp(-thickness / 300), film=0.7, noise=0.03)
    context = dataclasses.replace(drawn.context, vacuum_intensity=1000.0)
    holes = find_holes(drawn.image, context).holes
    measured = np.array([h.ice_thickness_nm for h in holes if h.origin == "detected"])
    errors = np.array([h.ice_thickness_error_nm for h in holes if h.origin == "detected"])
    assert np.median(measured) == pytest.approx(thickness, abs=3.0)
    assert (np.abs(measured - thickness) < 3 * errors).mean() > 0.97


def test_without_a_vacuum_reference_there_is_no_thickness_but_a_reason() -> None:
    drawn = draw_film()
    found = find_holes(drawn.image, drawn.context)
    assert all(hole.ice_thickness_nm is None for hole in found.holes)
    assert found.ice_reason is not None
    assert "vacuum" in found.ice_reason


def test_torn_foil_serves_as_vacuum() -> None:
    drawn = draw_film(hole=0.85, film=0.7, noise=0.02)
    pixels = drawn.image.pixels.copy()
    pixels[60:130, 60:130] = 1000.0
    torn = Image.from_array(pixels, level=Level.SQUARE, to_stage=drawn.image.to_stage)
    found = find_holes(torn, drawn.context)
    assert found.vacuum_intensity == pytest.approx(1000.0, rel=0.03)
    assert found.diagnostics["vacuum_source"] == "torn foil"


def test_dirt_marks_a_hole_contaminated() -> None:
    drawn = draw_film()
    x, y = drawn.truth[len(drawn.truth) // 2]
    pixels = drawn.image.pixels.copy()
    pixels[int(y) - 1 : int(y) + 9, int(x) - 9 : int(x) + 9] = 20.0
    dirty = Image.from_array(pixels, level=Level.SQUARE, to_stage=drawn.image.to_stage)
    found = find_holes(dirty, drawn.context)
    nearest = min(found.holes, key=lambda h: math.hypot(h.x_px - x, h.y_px - y))
    assert nearest.label == "contaminated"


def test_noise_without_a_film_gives_review_not_holes_to_shoot() -> None:
    random = np.random.default_rng(2)
    image = Image.from_array(
        random.normal(100, 10, (300, 300)), level=Level.SQUARE, to_stage=centred(300, 300, 0.08)
    )
    found = find_holes(image, FindContext(hole_diameter_um=1.2, hole_pitch_um=2.5))
    assert found.needs_review


def test_the_same_image_gives_the_same_holes_in_the_same_order() -> None:
    drawn: Drawn = FILMS["square lattice"]
    assert (
        find_holes(drawn.image, drawn.context).holes == find_holes(drawn.image, drawn.context).holes
    )


def test_small_holes_lost_in_noise_are_found_by_their_neighbours() -> None:
    drawn = draw_film(pitch=16.0, radius=3.0, hole=0.81, noise=0.11)
    found = find_holes(drawn.image, drawn.context)
    assert found.diagnostics["seen_together"] == 1.0, "alone they are seen: draw more noise"
    assert recall(places(found), drawn.truth, 1.5) >= 0.95
    assert recall(drawn.truth, places(found), 1.5) >= 0.95
