"""Tiles that lie elsewhere than the stage said are put where their pictures agree."""

from __future__ import annotations

import numpy as np
import pytest

from smartscope.analysis.base import Level, Tile, UnusableImage
from smartscope.analysis.pipeline import find_squares, stitch_atlas
from smartscope.domain.geometry import Affine, Point
from tests.analysis.pictures import centred, draw_atlas

SIZE = 260
STEP = 220
ERRORS = {(0, 0): (0, 0), (0, 1): (5, -3), (1, 0): (-4, 6), (1, 1): (3, 4)}


def tiles_with_errors() -> list[Tile]:
    """Four tiles cut 0-6 px beside where they claim to be, each with its own true stage map."""
    drawn = draw_atlas(shape=(500, 500), noise=0.05)
    tiles = []
    for (row, column), (dx, dy) in ERRORS.items():
        x, y = column * STEP + dx + 10, row * STEP + dy + 10
        pixels = drawn.image.pixels[y : y + SIZE, x : x + SIZE]
        start = drawn.image.to_stage.apply(x, y)
        tiles.append(
            Tile(pixels, column * STEP, row * STEP, Affine(1, 0, start.x_um, 0, 1, start.y_um))
        )
    return tiles


def test_overlaps_correct_the_layout_to_a_pixel() -> None:
    image = stitch_atlas(tiles_with_errors())
    first = image.tiles[0]
    offsets = {
        key: (tile.x_px - first.x_px - key[1] * STEP, tile.y_px - first.y_px - key[0] * STEP)
        for key, tile in zip(ERRORS, image.tiles, strict=True)
    }
    for key, (dx, dy) in ERRORS.items():
        assert offsets[key] == (pytest.approx(dx, abs=1), pytest.approx(dy, abs=1))


def test_a_square_s_stage_position_comes_from_its_own_tile() -> None:
    drawn = draw_atlas(shape=(500, 500), noise=0.05)
    found = find_squares(stitch_atlas(tiles_with_errors()), drawn.context)
    true = [drawn.image.to_stage.apply(x, y) for x, y in drawn.truth]
    whole = [square for square in found.squares if square.fill > 0.85]
    assert len(whole) > 25
    for square in whole:
        assert min(square.stage.distance_um(point) for point in true) < 2.0


def test_tiles_without_contrast_stay_where_they_were_laid() -> None:
    flat = np.full((50, 50), 7, dtype=np.uint16)
    tiles = [Tile(flat, 0, 0), Tile(flat, 40, 0)]
    image = stitch_atlas(tiles, centred(90, 50, 1.0))
    assert image.pixels.shape == (50, 90)
    assert np.allclose(image.pixels, 7)
    assert image.stage_of(0, 0).distance_um(Point(-44.5, -24.5)) < 1e-6


def test_gaps_between_tiles_are_masked() -> None:
    ones = np.ones((20, 20))
    image = stitch_atlas([Tile(ones, 0, 0), Tile(ones, 30, 0)], centred(50, 20, 1.0))
    assert image.mask is not None
    assert not image.imaged[:, 21:29].any()
    assert image.imaged[:, :20].all()


@pytest.mark.parametrize("tiles", [[], [Tile(np.ones((4, 4)), 0, 0)]])
def test_a_montage_without_tiles_or_geometry_is_refused(tiles: list[Tile]) -> None:
    with pytest.raises(UnusableImage):
        stitch_atlas(tiles, level=Level.ATLAS)
