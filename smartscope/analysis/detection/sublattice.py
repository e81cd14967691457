"""A lattice found too fine: dirt or shadows between the holes are no holes of their own."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from smartscope.analysis.base import BoolArray, FloatArray, IntArray, Lattice
from smartscope.analysis.detection.hole_lattice import LatticePatch
from smartscope.analysis.detection.lattice_warp import fit_warp

#: the real holes answer at least so much more than what lies between them
CLEARLY_MORE = 2.0
#: and fill at least this much of their nodes
WELL_FILLED = 0.7
_MATRICES = (
    np.array([[2, 0], [0, 1]]),
    np.array([[1, 0], [0, 2]]),
    np.array([[1, 1], [1, -1]]),
)


def coarsest(
    patch: LatticePatch, positions_px: FloatArray, strengths: FloatArray
) -> LatticePatch | None:
    """The patch on every second node, where those hold nearly all that was seen; else `None`.

    `strengths` (N,) of all candidates. Compared are the sums of strengths on the two halves of
    the nodes, for the three ways of halving a lattice.
    """
    best: tuple[float, LatticePatch] | None = None
    for matrix, half in product(_MATRICES, (0, 1)):
        on, indices = _half(patch.indices, matrix, half)
        here = float(strengths[patch.members[on]].sum())
        there = float(strengths[patch.members[~on]].sum())
        nodes = max(_cells(patch.indices) / 2, 1.0)
        if here < CLEARLY_MORE * there or on.sum() < WELL_FILLED * nodes:
            continue
        if best is None or here > best[0]:
            best = here, _restricted(patch, positions_px, matrix, half, on, indices)
    return None if best is None else best[1]


def _half(indices: IntArray, matrix: IntArray, half: int) -> tuple[BoolArray, IntArray]:
    """Which nodes are matrix · m + (half, 0), and their m."""
    shifted = indices - np.array(_offset(matrix, half))
    m = np.linalg.solve(matrix.astype(np.float64), shifted.T).T
    whole = np.rint(m)
    on = np.abs(m - whole).max(axis=1) < 0.25
    return on, whole[on].astype(np.int64)


def _offset(matrix: IntArray, half: int) -> tuple[int, int]:
    """A node of the other half: one that no whole number of coarse steps reaches."""
    if half == 0:
        return 0, 0
    return (0, 1) if matrix[1, 1] == 2 else (1, 0)


def _cells(indices: IntArray) -> float:
    """How many nodes the stretch of film spans, seen or not, from the area of its hull."""
    try:
        hull = ConvexHull(indices.astype(np.float64))
    except QhullError:
        return float(len(indices))
    return float(hull.volume + hull.area / 2 + 1)


def _restricted(
    patch: LatticePatch,
    positions_px: FloatArray,
    matrix: IntArray,
    half: int,
    on: BoolArray,
    indices: IntArray,
) -> LatticePatch:
    old = np.asarray(patch.lattice.basis_px)
    origin = np.asarray(patch.lattice.origin_px) + old @ np.array(_offset(matrix, half))
    basis = old @ matrix
    lattice = Lattice(
        (float(origin[0]), float(origin[1])),
        ((float(basis[0, 0]), float(basis[0, 1])), (float(basis[1, 0]), float(basis[1, 1]))),
        patch.lattice.residual_px,
    )
    members = patch.members[on]
    return replace(
        patch,
        lattice=lattice,
        warp=fit_warp(positions_px[members], indices, lattice),
        members=members,
        indices=indices,
    )
