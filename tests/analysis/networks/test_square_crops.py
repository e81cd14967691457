"""Crops of squares have one form however the mesh lies, and say what was not imaged."""

from __future__ import annotations

import numpy as np
import pytest

from smartscope.analysis.base import Image
from smartscope.analysis.detection.seen_squares import SeenSquares, see_squares
from smartscope.analysis.networks.square_crops import CROP_OPENINGS, CROP_PX, square_crops
from tests.analysis.pictures import Drawn, draw_atlas


def seen(drawn: Drawn) -> SeenSquares:
    found = see_squares(drawn.image, drawn.context)
    assert found is not None
    return found


def crops_of(drawn: Drawn) -> np.ndarray:
    atlas = seen(drawn)
    return square_crops(atlas.grey, atlas.mask, atlas.openings)


@pytest.mark.parametrize("angle_deg", [0.0, 14.0, 38.0])
def test_every_whole_square_fills_the_same_part_of_its_crop(angle_deg: float) -> None:
    crops = crops_of(draw_atlas(angle_deg=angle_deg, noise=0.0))
    whole = crops[(crops[:, 1] > 0.99).all(axis=(1, 2))]
    assert len(whole) > 8
    half = CROP_PX / CROP_OPENINGS / 2
    middle = slice(round(CROP_PX / 2 - 0.85 * half), round(CROP_PX / 2 + 0.85 * half))
    rim = round(CROP_PX / 2 - 1.12 * half)
    typical = np.median(whole[:, 0], axis=0)
    assert typical[middle, middle].min() > 0.75
    # halfway down each bar it is dark on all four sides
    for side in (typical[rim], typical[-rim - 1], typical[:, rim], typical[:, -rim - 1]):
        assert np.median(side[CROP_PX // 4 : -CROP_PX // 4]) < 0.25


def test_what_was_not_imaged_is_black_and_said_so() -> None:
    drawn = draw_atlas(angle_deg=0.0)
    mask = np.ones(drawn.image.pixels.shape, dtype=np.bool_)
    mask[:, :250] = False
    image = Image(drawn.image.pixels, drawn.image.level, drawn.image.to_stage, 0.0, mask)
    atlas = see_squares(image, drawn.context)
    assert atlas is not None
    crops = square_crops(atlas.grey, atlas.mask, atlas.openings)
    cut = crops[(crops[:, 1].mean(axis=(1, 2)) < 0.9) & (crops[:, 1].mean(axis=(1, 2)) > 0.1)]
    assert len(cut) > 0
    assert np.abs(cut[:, 0][cut[:, 1] == 0]).max() == 0.0
