"""What the hole network is shown: the same places and contrasts at one scale."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from smartscope.analysis.networks.hole_input import PITCH_PX, hole_input


def spots(shape: tuple[int, int], places: list[tuple[float, float]], radius: float) -> np.ndarray:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    picture = np.full(shape, 0.3, dtype=np.float32)
    for x, y in places:
        picture += np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * radius**2))
    return picture.astype(np.float32)


@pytest.mark.parametrize("pitch", [7.0, 13.7, 20.0, 31.0, 97.0, 333.0])
def test_places_survive_the_change_of_scale(pitch: float) -> None:
    side = int(9 * pitch)
    places = [(2.3 * pitch, 3.1 * pitch), (6.9 * pitch, 5.2 * pitch)]
    picture = spots((side, side + 17), places, 0.25 * pitch)
    prepared = hole_input(picture, np.ones(picture.shape, dtype=np.bool_), pitch)
    assert prepared is not None
    grey, scale = prepared.planes[0], prepared.scale
    assert scale == pytest.approx(pitch / PITCH_PX)
    for x, y in places:
        near_x, near_y = ((c - (scale - 1) / 2) / scale for c in (x, y))
        rows, columns = np.mgrid[: grey.shape[0], : grey.shape[1]]
        window = (np.hypot(columns - near_x, rows - near_y) < PITCH_PX) * np.maximum(grey - 0.1, 0)
        middle = ndimage.center_of_mass(window)
        assert middle == pytest.approx((near_y, near_x), abs=0.5)


def test_grey_may_change_by_any_factor_and_offset() -> None:
    picture = spots((200, 240), [(60.0, 70.0), (150.0, 100.0)], 9.0)
    everywhere = np.ones(picture.shape, dtype=np.bool_)
    one, other = (hole_input(p, everywhere, 30.0) for p in (picture, 731 * picture - 40))
    assert one is not None
    assert other is not None
    assert np.abs(one.planes - other.planes).max() < 2e-3


def test_what_was_not_imaged_is_empty_and_does_not_reach_into_the_rest() -> None:
    picture = spots((300, 300), [(150.0, 150.0)], 20.0)
    imaged = np.ones(picture.shape, dtype=np.bool_)
    imaged[:, 200:] = False
    spoilt = picture.copy()
    spoilt[:, 200:] = 1e6
    one, other = (hole_input(p, imaged, 40.0) for p in (picture, spoilt))
    assert one is not None
    assert other is not None
    assert (one.planes[:, ~one.imaged] == 0).all()
    inside = ndimage.binary_erosion(one.imaged, iterations=3, border_value=1)
    assert np.abs(one.planes - other.planes)[:, inside].max() < 1e-3


def test_a_flat_picture_has_no_scale() -> None:
    assert hole_input(np.full((64, 64), 7, np.float32), np.ones((64, 64), np.bool_), 20.0) is None
