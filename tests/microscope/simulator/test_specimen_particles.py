"""Molecules lie in the ice of sound holes, apart from each other, wherever one looks from."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from smartscope.domain.errors import SmartscopeError
from smartscope.microscope.simulator.specimen.phantoms import DIAMETER_NM, phantom
from smartscope.microscope.simulator.specimen.spec import Preset, preset_spec
from smartscope.microscope.simulator.specimen.values import Box, Hole, IceClass
from smartscope.microscope.simulator.specimen.world import Specimen


@cache
def world() -> Specimen:
    return Specimen(preset_spec(Preset.GOOD, "molecules"))


@cache
def good_hole() -> Hole:
    square = next(s for s in world().squares(Box.around(0, 0, 200)) if s.usable)
    box = Box.around(square.stage_x_um, square.stage_y_um, 8)
    return next(h for h in world().holes(box) if h.visible and h.ice_class is IceClass.GOOD)


def test_particles_keep_their_distance_and_stay_in_the_hole() -> None:
    hole = good_hole()
    found = world().particles(Box.around(hole.stage_x_um, hole.stage_y_um, 0.9))
    assert len(found) > 200
    x = np.array([p.stage_x_um for p in found]) - hole.stage_x_um
    y = np.array([p.stage_y_um for p in found]) - hole.stage_y_um
    assert np.hypot(x, y).max() < hole.diameter_um / 2
    apart = np.hypot(x[:, None] - x, y[:, None] - y) + np.eye(len(found))
    assert apart.min() >= DIAMETER_NM["t20s"] * 1e-3


def test_a_box_in_two_halves_holds_the_same_particles() -> None:
    hole = good_hole()
    x, y = hole.stage_x_um, hole.stage_y_um
    whole = world().particles(Box(x - 0.2, y - 0.2, x + 0.2, y + 0.2))
    left = world().particles(Box(x - 0.2, y - 0.2, x, y + 0.2))
    right = world().particles(Box(x, y - 0.2, x + 0.2, y + 0.2))
    assert {p.id for p in whole} == {p.id for p in left} | {p.id for p in right}
    assert sorted(whole, key=lambda p: p.id) == sorted(left + right, key=lambda p: p.id)


@pytest.mark.parametrize("name", sorted(DIAMETER_NM))
def test_phantoms_fit_their_declared_diameter(name: str) -> None:
    made = phantom(name)
    radius = np.linalg.norm(made.residues_angstrom, axis=1).max()
    assert 0.6 * made.diameter_nm * 5 < radius <= 1.3 * made.diameter_nm * 5
    assert np.abs(made.residues_angstrom.mean(axis=0)).max() < 1e-9


def test_an_unknown_phantom_is_refused_by_name() -> None:
    with pytest.raises(SmartscopeError, match="no phantom 'ribosome'"):
        phantom("ribosome")
