"""The classical square finder on drawn atlases."""

from __future__ import annotations

import numpy as np
import pytest

from smartscope.analysis.base import FindContext, Image, KnownTarget, Level
from smartscope.analysis.pipeline import find_squares
from tests.analysis.pictures import centred, draw_atlas, recall


@pytest.mark.parametrize("angle_deg", [0.0, 14.0, 45.0])
def test_every_whole_square_is_found_at_its_place_and_nothing_else(angle_deg: float) -> None:
    drawn = draw_atlas(angle_deg=angle_deg)
    found = find_squares(drawn.image, drawn.context)
    places = np.array([(square.x_px, square.y_px) for square in found.squares])
    height, width = drawn.image.pixels.shape
    whole = drawn.truth[
        (drawn.truth > 30).all(axis=1) & (drawn.truth < [width - 30, height - 30]).all(axis=1)
    ]
    assert recall(places, whole, 1.5) == 1.0
    assert recall(drawn.truth, places, 20.0) == 1.0
    assert not found.needs_review
    assert found.pitch_um == pytest.approx(60.0, rel=0.01)


def test_a_cut_square_keeps_the_box_of_the_whole() -> None:
    drawn = draw_atlas(angle_deg=0.0)
    found = find_squares(drawn.image, drawn.context)
    cut = [square for square in found.squares if square.box_px[0] < -5]
    assert cut
    for square in cut:
        assert square.box_px[2] - square.box_px[0] == pytest.approx(42.0, abs=2.0)


def test_opaque_squares_are_listed_as_missing() -> None:
    drawn = draw_atlas(leave_out=3)
    found = find_squares(drawn.image, drawn.context)
    assert len(found.missing) >= 3


def test_probabilities_of_the_six_classes_sum_to_one() -> None:
    found = find_squares(*_image_and_context())
    assert len(found.squares[0].probabilities) == 6
    for square in found.squares:
        assert sum(square.probabilities.values()) == pytest.approx(1.0)


def test_a_dark_grid_is_empty_and_asks_nobody() -> None:
    random = np.random.default_rng(1)
    image = Image.from_array(
        random.poisson(3.0, (300, 300)), level=Level.ATLAS, to_stage=centred(300, 300, 1.0)
    )
    found = find_squares(image, FindContext(mesh_opening_um=42, mesh_bar_um=18))
    assert found.squares == ()
    assert found.grid_empty
    assert not found.needs_review


def test_the_wrong_mesh_asks_for_review() -> None:
    drawn = draw_atlas()
    found = find_squares(drawn.image, FindContext(mesh_opening_um=90, mesh_bar_um=35))
    assert found.needs_review
    assert "squares where the mesh predicts" in str(found.diagnostics["failures"])


def test_a_person_s_label_stays_with_the_square_found_again() -> None:
    drawn = draw_atlas()
    first = find_squares(drawn.image, drawn.context).squares[7]
    known = KnownTarget(id="s7", position=first.stage, human_label="dry")
    context = FindContext(mesh_opening_um=42, mesh_bar_um=18, known=(known,))
    again = [s for s in find_squares(drawn.image, context).squares if s.known_id == "s7"]
    assert [square.label for square in again] == ["dry"]


def _image_and_context() -> tuple[Image, FindContext]:
    drawn = draw_atlas()
    return drawn.image, drawn.context


def test_ice_from_thin_to_opaque_is_not_taken_for_an_empty_grid() -> None:
    """One bright component as broad as its distance from the bars: Ashman's D is below 2."""
    drawn = draw_atlas(noise=0.0)
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[: drawn.image.pixels.shape[0], : drawn.image.pixels.shape[1]]
    away = [(columns - x) ** 2 + (rows - y) ** 2 for x, y in drawn.truth]
    passes = np.exp(random.uniform(np.log(0.0018), 0.0, len(drawn.truth)))
    grey = 30.0 + (drawn.image.pixels - 30.0) * passes[np.argmin(away, axis=0)]
    grey = (grey + 0.2 * random.normal(size=grey.shape)).astype(np.float32)
    found = find_squares(
        Image(grey, drawn.image.level, drawn.image.to_stage),
        drawn.context,
        chain=("classical-squares",),
    )
    assert float(found.diagnostics["separation"]) < 2.0
    clear = drawn.truth[(passes > 0.02)]
    inside = clear[(clear > 30).all(axis=1) & (clear < [470, 370]).all(axis=1)]
    places = np.array([(square.x_px, square.y_px) for square in found.squares])
    assert recall(places, inside, 4.0) > 0.9


def test_noise_alone_has_no_squares() -> None:
    random = np.random.default_rng(1)
    pixels = random.normal(100.0, 5.0, (300, 300))
    pixels[random.random(pixels.shape) < 0.001] = 4000.0
    image = Image.from_array(pixels, level=Level.ATLAS, to_stage=centred(300, 300, 1.0))
    assert find_squares(image, FindContext(), chain=("classical-squares",)).squares == ()
