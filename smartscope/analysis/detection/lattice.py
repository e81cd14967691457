"""A lattice through detected points: indices grown from the densest place, then a robust fit."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from smartscope.analysis.base import FloatArray, IntArray, Lattice

STEP_TOLERANCE = 0.25
TUKEY_CUTOFF_SD = 4.7
FIT_ROUNDS = 8
UNINDEXED = np.iinfo(np.int64).min


def fit_lattice(
    positions_px: FloatArray, basis_px: FloatArray, *, minimum: int = 4, support: int = 1
) -> tuple[Lattice, IntArray] | None:
    """Fit p = o + B·k to points (N, 2), starting from a measured basis (2, 2).

    Returns the lattice and indices (N, 2), `UNINDEXED` for points no neighbour step reaches, or
    `None` with fewer than `minimum` connected points. Tukey-weighted least squares; the basis is
    free, so square, hexagonal and tilted lattices are one code path. Indices pass on only from
    points with at least `support` of their eight neighbours in place, so that a chance point is no
    bridge to a stretch it does not belong to.
    """
    if len(positions_px) < minimum:
        return None
    indices = _grow_indices(positions_px, basis_px, support)
    known = indices[:, 0] != UNINDEXED
    if known.sum() < minimum or np.linalg.matrix_rank(_design(indices[known])) < 3:
        return None
    points, design = positions_px[known], _design(indices[known])
    weights = np.ones(len(points))
    for _ in range(FIT_ROUNDS):
        root = np.sqrt(weights)[:, None]
        solution = np.linalg.lstsq(design * root, points * root, rcond=None)[0]
        distance = np.linalg.norm(points - design @ solution, axis=1)
        spread = max(float(np.median(distance)) / 1.1774, 1e-6)
        weights = np.clip(1 - (distance / (TUKEY_CUTOFF_SD * spread)) ** 2, 1e-6, None) ** 2
    origin, a, b = solution
    return (
        Lattice(
            (float(origin[0]), float(origin[1])),
            ((float(a[0]), float(b[0])), (float(a[1]), float(b[1]))),
            float(np.median(distance)),
        ),
        indices,
    )


def nodes_within(lattice: Lattice, box: tuple[float, float, float, float]) -> IntArray:
    """Indices (N, 2) of the nodes inside a box x0, y0, x1, y1 in px, sorted."""
    x0, y0, x1, y1 = box
    corners = np.array([[x0, y0], [x1, y0], [x0, y1], [x1, y1]])
    spans = lattice.coordinates(corners)
    low, high = np.floor(spans.min(axis=0)).astype(int), np.ceil(spans.max(axis=0)).astype(int)
    i, j = np.meshgrid(
        np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1), indexing="ij"
    )
    indices = np.column_stack([i.ravel(), j.ravel()]).astype(np.int64)
    nodes = lattice.nodes(indices)
    inside = (nodes[:, 0] >= x0) & (nodes[:, 0] <= x1) & (nodes[:, 1] >= y0) & (nodes[:, 1] <= y1)
    return indices[inside]


def off_lattice_distance(lattice: Lattice, positions_px: FloatArray) -> FloatArray:
    """(N,) distance in pitches of points (N, 2) from their nearest node."""
    if len(positions_px) == 0:
        return np.empty(0)
    nearest = np.rint(lattice.coordinates(positions_px)).astype(np.int64)
    away = np.linalg.norm(positions_px - lattice.nodes(nearest), axis=1)
    return np.asarray(away / lattice.pitch_px)


def enlarged(lattice: Lattice, factor: float) -> Lattice:
    """The same lattice in pixels `factor` times smaller, the origin moved with the pixel
    centres.
    """
    shift = (factor - 1) / 2
    (ax, bx), (ay, by) = lattice.basis_px
    return Lattice(
        (lattice.origin_px[0] * factor + shift, lattice.origin_px[1] * factor + shift),
        ((ax * factor, bx * factor), (ay * factor, by * factor)),
        lattice.residual_px * factor,
    )


def _design(indices: IntArray) -> FloatArray:
    return np.column_stack([np.ones(len(indices)), indices]).astype(np.float64)


def _grow_indices(positions_px: FloatArray, basis_px: FloatArray, support: int) -> IntArray:
    """Breadth-first from the point with most lattice neighbours; steps may bend with the film."""
    tree = cKDTree(positions_px)
    tolerance = STEP_TOLERANCE * float(np.linalg.norm(basis_px, axis=0).min())
    steps = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)]
    offsets = [basis_px @ np.array(step, dtype=np.float64) for step in steps]
    neighbour = np.full((len(positions_px), len(steps)), -1, dtype=np.int64)
    for number, offset in enumerate(offsets):
        distance, nearest = tree.query(positions_px + offset, distance_upper_bound=tolerance)
        found = np.isfinite(distance)
        neighbour[found, number] = np.asarray(nearest)[found]
    supported = (neighbour >= 0).sum(axis=1) >= support
    best: IntArray = np.full((len(positions_px), 2), UNINDEXED, dtype=np.int64)
    visited = np.zeros(len(positions_px), dtype=np.bool_)
    best_size = 0
    for start in np.argsort(-(neighbour >= 0).sum(axis=1), kind="stable"):
        if visited[start] or best_size > len(positions_px) - int(visited.sum()):
            continue
        indices: IntArray = np.full((len(positions_px), 2), UNINDEXED, dtype=np.int64)
        indices[start] = 0
        queue = [int(start)]
        for point in queue:
            if not supported[point]:
                continue
            for number, step in enumerate(steps):
                other = int(neighbour[point, number])
                if other >= 0 and indices[other, 0] == UNINDEXED:
                    indices[other] = indices[point] + np.array(step)
                    queue.append(other)
        visited[queue] = True
        if len(queue) > best_size:
            best, best_size = indices, len(queue)
    return best
