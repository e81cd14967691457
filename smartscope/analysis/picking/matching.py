"""Pairs picks with true places, one to one: as many pairs as there can be, then the nearest ones.

A pick that shares its particle with another one is false; painting a particle twice earns nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from smartscope.analysis.base import BoolArray, FloatArray

Indices = NDArray[np.intp]
#: dearer than any sum of distances within a group
_UNPAIRED = 1e6


def close_pairs(
    picks_px: FloatArray, truth_px: FloatArray, limit_px: float
) -> tuple[Indices, Indices, FloatArray]:
    """Indices of picks (k,) and places (k,) less than `limit_px` apart, and how far (k,)."""
    if not (len(picks_px) and len(truth_px)):
        nothing = np.empty(0, dtype=np.intp)
        return nothing, nothing, np.empty(0)
    near = cKDTree(picks_px).sparse_distance_matrix(
        cKDTree(truth_px), limit_px, output_type="ndarray"
    )
    inside = near["v"] < limit_px
    return near["i"][inside], near["j"][inside], np.asarray(near["v"][inside], dtype=np.float64)


def assigned(
    picks_px: FloatArray, truth_px: FloatArray, limit_px: float
) -> tuple[Indices, Indices, FloatArray]:
    """The pairs of a maximum assignment of least total distance, as `close_pairs` gives them."""
    pick, place, away = close_pairs(picks_px, truth_px, limit_px)
    if not pick.size:
        return pick, place, away
    count = len(picks_px) + len(truth_px)
    links = coo_matrix((np.ones(pick.size), (pick, len(picks_px) + place)), shape=(count, count))
    group = connected_components(links, directed=False)[1][pick]
    kept = []
    order = np.argsort(group, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        rows, row = np.unique(pick[members], return_inverse=True)
        columns, column = np.unique(place[members], return_inverse=True)
        cost = np.full((rows.size, columns.size), _UNPAIRED)
        cost[row, column] = away[members]
        index = np.full(cost.shape, -1, dtype=np.intp)
        index[row, column] = members
        chosen = index[linear_sum_assignment(cost)]
        kept.append(chosen[chosen >= 0])
    pairs = np.concatenate(kept)
    return pick[pairs], place[pairs], away[pairs]


def hits_in_order(
    picks_px: FloatArray, scores: FloatArray, truth_px: FloatArray, limit_px: float
) -> tuple[FloatArray, BoolArray]:
    """Scores, best first (n,), and True where that pick makes one more pair possible (n,).

    The sum of the first k is the size of a maximum assignment of the best k, for every k.
    """
    order = np.argsort(-scores, kind="stable")
    pick, place, _ = close_pairs(picks_px, truth_px, limit_px)
    near: list[list[int]] = [[] for _ in range(len(picks_px))]
    for one, other in zip(pick.tolist(), place.tolist(), strict=True):
        near[one].append(other)
    taken: dict[int, int] = {}
    hits = np.array([_augment(int(one), near, taken, set()) for one in order], dtype=np.bool_)
    return scores[order], hits


def _augment(one: int, near: list[list[int]], taken: dict[int, int], tried: set[int]) -> bool:
    for place in near[one]:
        if place in tried:
            continue
        tried.add(place)
        if place not in taken or _augment(taken[place], near, taken, tried):
            taken[place] = one
            return True
    return False
