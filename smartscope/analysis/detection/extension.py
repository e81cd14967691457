"""Where a film's lattice goes on beyond the holes that were found; positions only, no image."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from smartscope.analysis.base import FloatArray, IntArray, Lattice
from smartscope.analysis.detection.lattice import UNINDEXED, fit_lattice

#: a node nearer than this to a known hole, in pitches, is that hole
SAME = 0.5
#: how much further than one step the diagonal neighbour may be, in pitches
DIAGONAL = 0.45
#: fewer holes on one lattice than this do not say where it goes on
LEAST = 4
_ANGLES_DEG = (90.0, 60.0)


def extended(
    positions_px: FloatArray, size_px: tuple[int, int], *, rings: int = 1
) -> FloatArray | None:
    """Nodes (M, 2) x, y in px within `rings` steps of known holes (N, 2), inside an image of
    `size_px` (width, height); None where the holes show no lattice.

    Square and hexagonal films alike: the basis that more of the holes agree with is taken.
    """
    found = _fitted(positions_px)
    if found is None:
        return None
    lattice, indices = found
    known = indices[indices[:, 0] != UNINDEXED]
    steps = np.arange(-rings, rings + 1)
    around = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
    nodes = np.unique((known[:, None, :] + around[None]).reshape(-1, 2), axis=0)
    places = lattice.nodes(nodes)
    half = lattice.pitch_px / 2
    width_px, height_px = size_px
    inside = (
        (places[:, 0] >= half)
        & (places[:, 0] <= width_px - 1 - half)
        & (places[:, 1] >= half)
        & (places[:, 1] <= height_px - 1 - half)
    )
    places = places[inside]
    if len(places) == 0:
        return places
    away, _ = cKDTree(positions_px).query(places)
    # diagonal neighbours of a square film are near enough, second ones of a hexagonal are not
    reach = (rings + DIAGONAL) * lattice.pitch_px
    return np.asarray(places[(away > SAME * lattice.pitch_px) & (away < reach)])


def _fitted(positions_px: FloatArray) -> tuple[Lattice, IntArray] | None:
    """The lattice most holes lie on, with their indices."""
    if len(positions_px) < LEAST:
        return None
    found = cKDTree(positions_px).query(positions_px, k=2)
    distance, nearest = np.asarray(found[0]), np.asarray(found[1])
    step = positions_px[nearest[:, 1]] - positions_px
    # the typical step, so that one chance neighbour does not set the lattice
    first = step[np.argsort(distance[:, 1])[len(step) // 2]]
    best: tuple[Lattice, IntArray] | None = None
    most = 0
    for angle_deg in _ANGLES_DEG:
        angle = np.deg2rad(angle_deg)
        turned = np.array(
            [
                first[0] * np.cos(angle) - first[1] * np.sin(angle),
                first[0] * np.sin(angle) + first[1] * np.cos(angle),
            ]
        )
        fitted = fit_lattice(positions_px, np.column_stack([first, turned]), minimum=LEAST)
        if fitted is None:
            continue
        agreeing = int((fitted[1][:, 0] != UNINDEXED).sum())
        if agreeing > most:
            best, most = fitted, agreeing
    return best
