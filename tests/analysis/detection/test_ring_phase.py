"""Where holes are as grey as the film, their rims say where in the cell they are."""

from __future__ import annotations

import numpy as np
import pytest

from smartscope.analysis.base import FloatArray, Image, Level
from smartscope.analysis.detection.hole_placing import (
    Candidates,
    Ground,
    place_holes,
    place_on_rings,
)
from smartscope.analysis.detection.ring_phase import ring_elsewhere
from smartscope.domain.geometry import Affine, Point

PITCH_PX, RADIUS_PX, SIDE_PX = 60.0, 16.0, 700


def holes(turn_deg: float) -> FloatArray:
    """(N, 2) of a turned square lattice in view."""
    angle = np.deg2rad(turn_deg)
    basis = PITCH_PX * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    index = np.stack(np.meshgrid(np.arange(-12, 25), np.arange(-12, 25)), axis=-1).reshape(-1, 2)
    where = index @ basis.T + 31.0
    inside = (where > 20.0).all(axis=1) & (where < SIDE_PX - 20.0).all(axis=1)
    return np.asarray(where[inside])


def picture(where: FloatArray, *, rim: float, disc: float, seed: int) -> Image:
    """Film of grey 100 with noise 4 and coarse shading; discs brighter, rims darker."""
    rows, columns = np.mgrid[:SIDE_PX, :SIDE_PX]
    pixels = np.random.default_rng(seed).normal(100.0, 4.0, (SIDE_PX, SIDE_PX))
    pixels += 5.0 * np.sin(columns / 170.0)
    for x, y in where:
        distance = np.hypot(columns - x, rows - y)
        pixels += disc * np.clip(RADIUS_PX - distance + 0.5, 0.0, 1.0)
        pixels -= rim * np.exp(-0.5 * ((distance - RADIUS_PX) / 1.3) ** 2)
    return Image.from_array(
        pixels.astype(np.float32),
        level=Level.SQUARE,
        to_stage=Affine.scaled(0.02, Point(0.0, 0.0), SIDE_PX, SIDE_PX),
    )


@pytest.mark.parametrize("turn_deg", [3.0, 20.0, 41.0])
def test_faint_rims_half_a_cell_from_the_nodes_are_seen(turn_deg: float) -> None:
    where = holes(turn_deg)
    image = picture(where, rim=4.0, disc=0.0, seed=1)
    angle = np.deg2rad(turn_deg + 45.0)
    wrong = PITCH_PX / np.sqrt(2.0) * np.array([np.cos(angle), np.sin(angle)])
    ring = ring_elsewhere(image, where + wrong, PITCH_PX)
    assert ring is not None
    moved = where + wrong + np.asarray(ring.offset_px)
    inside = ((moved > 60.0) & (moved < SIDE_PX - 60.0)).all(axis=1)
    away = np.linalg.norm(moved[inside][:, None] - where[None], axis=2).min(axis=1)
    assert away.max() < 0.06 * PITCH_PX
    assert ring.radius_px == pytest.approx(RADIUS_PX, rel=0.1)


@pytest.mark.parametrize(("rim", "disc"), [(4.0, 0.0), (0.0, 8.0), (3.0, -8.0), (0.0, 0.0)])
@pytest.mark.parametrize("seed", [2, 3])
def test_nodes_on_holes_stay_and_nothing_is_made_of_noise(
    rim: float, disc: float, seed: int
) -> None:
    where = holes(12.0)
    assert ring_elsewhere(picture(where, rim=rim, disc=disc, seed=seed), where, PITCH_PX) is None


def test_holes_are_placed_anew_on_their_rims() -> None:
    where = holes(20.0)
    image = picture(where, rim=4.0, disc=0.0, seed=4)
    angle = np.deg2rad(20.0)
    basis = PITCH_PX * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    between = where + basis @ np.array([0.5, 0.5])
    seen = between[(between < SIDE_PX).all(axis=1) & (between > 0.0).all(axis=1)]
    ground = Ground(np.ones((SIDE_PX, SIDE_PX), np.float32), image.imaged)
    placed = place_holes(Candidates(seen, np.full(len(seen), 0.8), 0.2 * PITCH_PX, basis), ground)
    assert placed is not None
    found = place_on_rings(image, placed, ground, scale=1.0)
    away = np.linalg.norm(found.positions_px[:, None] - where[None], axis=2)
    inner = ((where > PITCH_PX) & (where < SIDE_PX - PITCH_PX)).all(axis=1)
    assert (away.min(axis=0)[inner] < 0.08 * PITCH_PX).all()
