"""A group focuses on foil beside its holes, at its own height, and never on a target."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from smartscope.analysis.base import FloatArray
from smartscope.analysis.grouping.focus_spot import Film, Ground, focus_spots
from smartscope.analysis.grouping.plan import HoleGroup, group_holes
from smartscope.analysis.grouping.reach import Tilt

R12 = Film(pitch_um=2.5, hole_radius_um=0.6, beam_radius_um=0.4)


def square_film(side: int, pitch: float = 2.5, turned_deg: float = 0.0) -> FloatArray:
    """A whole square lattice."""
    i, j = np.meshgrid(np.arange(side), np.arange(side))
    turn = np.deg2rad(turned_deg)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.asarray(pitch * np.column_stack([i.ravel(), j.ravel()]) @ rotation.T)


@settings(deadline=None, max_examples=30)
@given(st.floats(0, 90), st.sampled_from([0.0, 20.0, 45.0]), st.floats(0, 180))
def test_a_spot_on_foil_touches_no_hole_and_keeps_off_targets(
    turned: float, tilt_deg: float, axis_deg: float
) -> None:
    holes = square_film(6, turned_deg=turned)
    tilt = Tilt(tilt_deg, axis_deg)
    groups = group_holes(holes, radius_um=4.0).groups
    for group, spot in zip(groups, focus_spots(groups, holes, R12, tilt=tilt), strict=True):
        if spot.ground is not Ground.FOIL:
            continue
        place = np.array([spot.x_um, spot.y_um])
        edges = np.linalg.norm(holes - place, axis=1) - R12.hole_radius_um
        assert edges.min() >= 2 * R12.beam_radius_um - 1e-6
        assert abs(tilt.heights_um((place - holes[group.centre])[None])[0]) < 1e-6


def test_untilted_holes_of_a_common_film_always_find_foil() -> None:
    holes = square_film(5)
    groups = [HoleGroup(hole, (hole,)) for hole in range(len(holes))]
    assert {spot.ground for spot in focus_spots(groups, holes, R12)} == {Ground.FOIL}


def test_where_no_foil_is_wide_enough_a_rejected_hole_serves() -> None:
    wide = Film(pitch_um=2.0, hole_radius_um=0.9, beam_radius_um=0.2)
    row = np.column_stack([2.0 * np.arange(5.0), np.zeros(5)])
    spared = np.array([True, False, True, True, True])
    groups = [HoleGroup(0, (0,))]
    spots = focus_spots(groups, row, wide, spared=spared, tilt=Tilt(30.0, 90.0))
    assert spots[0].ground is Ground.FOIL
    along = np.vstack([row, [[-2.0 * n, 0.0] for n in range(1, 5)]])
    among = np.concatenate([spared, np.ones(4, dtype=np.bool_)])
    (spot,) = focus_spots(groups, along, wide, spared=among, tilt=Tilt(30.0, 0.0))
    assert (spot.ground, spot.x_um, spot.y_um) == (Ground.REJECTED_HOLE, 2.0, 0.0)


DENSE = square_film(24, pitch=1.6)
TIGHT = Film(pitch_um=1.6, hole_radius_um=0.3, beam_radius_um=0.6)
INSIDE = HoleGroup(12 * 24 + 12, (12 * 24 + 12,))


def test_without_its_own_a_group_takes_the_focus_of_the_nearest() -> None:
    spots = focus_spots([INSIDE, HoleGroup(0, (0,))], DENSE, TIGHT)
    assert [spot.ground for spot in spots] == [Ground.NEIGHBOUR, Ground.FOIL]
    assert (spots[0].x_um, spots[0].y_um) == (spots[1].x_um, spots[1].y_um)


def test_where_nobody_finds_a_spot_it_says_so() -> None:
    (spot,) = focus_spots([INSIDE], DENSE, TIGHT)
    assert spot.ground is Ground.NOWHERE
