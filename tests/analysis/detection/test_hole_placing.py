"""Placing holes from candidate centres alone: bends, tiles, chance points, a lattice too fine."""

from __future__ import annotations

import numpy as np

from smartscope.analysis.base import FloatArray
from smartscope.analysis.detection.hole_lattice import complete, grow_patches, local_residual_px
from smartscope.analysis.detection.hole_placing import Candidates, Ground, place_holes
from tests.analysis.pictures import recall

PITCH = 20.0
BASIS = np.array([[PITCH, 0.0], [0.0, PITCH]])
SIDE = 400
FOIL = np.ones((SIDE, SIDE), dtype=np.bool_)


def regular() -> FloatArray:
    ticks = np.arange(15.0, SIDE - 10, PITCH)
    x, y = np.meshgrid(ticks, ticks)
    return np.column_stack([x.ravel(), y.ravel()])


def test_a_film_that_bends_by_half_a_pitch_is_one_stretch_without_residual() -> None:
    points = regular()
    middle = (points - SIDE / 2) / (SIDE / 2)
    bent = points + 10.0 * np.column_stack([middle[:, 1] ** 2, middle[:, 0] * middle[:, 1]])
    patches = grow_patches(bent, BASIS)
    assert [len(patch.members) for patch in patches] == [len(points)]
    assert local_residual_px(bent, patches[0]) < 0.02 * PITCH


def test_no_lattice_reaches_across_known_tiles() -> None:
    points = regular()
    right = points[:, 0] > SIDE / 2
    points[right, 1] += 0.2 * PITCH
    tile_map = np.zeros((SIDE, SIDE), dtype=np.int64)
    tile_map[:, SIDE // 2 :] = 1
    seen = np.random.default_rng(1).random(len(points)) > 0.3
    tiles = (points[seen, 0] > SIDE / 2).astype(np.int64)
    patches = grow_patches(points[seen], BASIS, tiles)
    holes = complete(points[seen], patches, FOIL, tile_map)
    inside = (points < SIDE - 0.5).all(axis=1)
    assert {patch.tile for patch in patches} == {0, 1}
    assert recall(holes.positions_px, points[inside], 0.01 * PITCH) == 1.0


def test_chance_points_are_no_bridge() -> None:
    points = regular()
    gap = np.abs(points[:, 0] - SIDE / 2) > 50
    moved = points[gap] + [0.0, 9.0] * (points[gap, :1] > SIDE / 2)
    chance = np.random.default_rng(2).uniform([155, 10], [245, 390], (60, 2))
    both = np.concatenate([moved, chance])
    for patch in grow_patches(both, BASIS)[:2]:
        sides = points[gap][patch.members[patch.members < len(moved)], 0] > SIDE / 2
        assert sides.all() or not sides.any()


def test_weak_points_between_holes_do_not_halve_the_pitch() -> None:
    points = regular()
    corners = (np.rint((points - 15) / PITCH).sum(axis=1) % 2).astype(np.bool_)
    faint = corners & (np.random.default_rng(3).random(len(points)) < 0.5)
    where = points[~corners | faint]
    strengths = np.where(faint[~corners | faint], 0.5, 1.0)
    placed = place_holes(
        Candidates(where, strengths, 5.0, BASIS), Ground(np.ones((SIDE, SIDE), np.float32), FOIL)
    )
    assert placed is not None
    assert abs(placed.lattice.pitch_px - PITCH * np.sqrt(2)) < 0.01
    on = placed.positions_px[~placed.is_off & (placed.positions_px < 385).all(axis=1)]
    assert recall(points[~corners], on, 1.0) == 1.0
    assert recall(on, points[~corners], 1.0) == 1.0
