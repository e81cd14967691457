"""What the square detector learns from: whole boxes in the places where the crop shows them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from smartscope.analysis.networks.detector_input import (
    detector_input,
    tiles_of,
    without_overlaps,
)
from smartscope.training.squares.detector_data import Boxed, boxed_picture, crops_of, repeats_of
from tests.analysis.pictures import draw_atlas

PITCH, OPENING = 60.0, 42.0


def drawn_boxes() -> tuple[np.ndarray, Boxed]:
    drawn = draw_atlas(pitch=PITCH, opening=OPENING, angle_deg=0.0, noise=0.0)
    half = OPENING / 2
    squares = [((x - half, y - half, x + half, y + half), "good") for x, y in drawn.truth]
    picture = boxed_picture(drawn.image.pixels, drawn.image.imaged, PITCH, squares)
    assert picture is not None
    return drawn.image.pixels, picture


def bright_inside(crop: Boxed) -> list[float]:
    """The mean grey of each box's inner half, where the crop shows it."""
    found = []
    for x0, y0, x1, y1 in crop.boxes:
        wide, high = (x1 - x0) / 4, (y1 - y0) / 4
        rows = slice(max(0, round(y0 + high)), max(0, round(y1 - high)))
        columns = slice(max(0, round(x0 + wide)), max(0, round(x1 - wide)))
        part = crop.grey[rows, columns]
        found.append(float(part.mean()) if part.size else float("nan"))
    return found


def test_cut_squares_keep_their_whole_box_inside_the_rim() -> None:
    pixels, picture = drawn_boxes()
    height, width = pixels.shape
    assert picture.grey.shape == (height + 2 * round(PITCH), width + 2 * round(PITCH))
    sides = picture.boxes[:, 2:] - picture.boxes[:, :2]
    assert np.allclose(sides, OPENING)


def test_crops_turned_zoomed_and_changed_in_grey_still_show_squares_in_their_boxes() -> None:
    _, picture = drawn_boxes()
    inner = Boxed(picture.grey, picture.boxes[:0], picture.labels[:0])
    assert len(next(crops_of(inner, 128, 1, np.random.default_rng(0))).boxes) == 0
    whole = [
        value
        for crop in crops_of(picture, 256, 12, np.random.default_rng(1))
        for value, box in zip(bright_inside(crop), crop.boxes, strict=True)
        if (box[:2] > 0).all() and (box[2:] < 255).all()
    ]
    assert len(whole) > 30
    # boxes of squares that the atlas's own border cuts lie partly on its grey rim
    assert np.nanmedian(whole) > 0.6
    assert np.mean(np.array(whole) > 0.4) > 0.7


def test_atlases_with_rare_classes_are_used_more_often() -> None:
    shares = np.array([1.0, 0.5, 0.1, 0.025, 0.5, 0.5])
    assert repeats_of(np.array([1, 1, 2]), shares) == 1
    assert repeats_of(np.array([1, 4]), shares) == 2
    assert repeats_of(np.array([], dtype=np.int64), shares) == 1


@pytest.mark.parametrize("pitch", [20.0, 60.0, 300.0])
def test_places_map_back_whatever_the_pitch(pitch: float) -> None:
    image = draw_atlas().image
    picture = detector_input(image.pixels, image.imaged, pitch)
    assert picture is not None
    places = np.array([[0.0, 0.0], [12.5, 100.0]])
    assert np.allclose(picture.to_image(picture.from_image(places)), places)
    assert 48 <= pitch / picture.scale <= 200


def test_tiles_cover_a_large_picture_and_overlap() -> None:
    corners = tiles_of((5000, 2048), 100.0)
    rows = sorted({y for y, _ in corners})
    assert {x for _, x in corners} == {0}
    assert rows[0] == 0
    assert rows[-1] == 5000 - 2048
    assert all(after - before <= 2048 - 150 for before, after in pairwise(rows))


def test_of_overlapping_boxes_the_best_stays() -> None:
    boxes = np.array([[0.0, 0, 10, 10], [1, 1, 11, 11], [20, 20, 30, 30]])
    assert without_overlaps(boxes, np.array([0.5, 0.9, 0.1]), 0.3).tolist() == [1, 2]
