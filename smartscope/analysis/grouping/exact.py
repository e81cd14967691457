"""Proof by linear and integer programmes: how few groups there can be, and the best plan of a small
component.

Work is limited by nodes of the search tree, never by time, so the answer is the same everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_matrix, csr_matrix, hstack, identity, vstack

from smartscope.analysis.base import BoolArray, FloatArray, IntArray
from smartscope.analysis.grouping.reach import Reach

#: above its optimum by less than this a linear programme's value counts as that whole number
WHOLE = 1e-6
#: how scipy's milp says that it ended with a proof
_OPTIMAL, _INFEASIBLE = 0, 2


@dataclass(frozen=True, slots=True)
class Best:
    """(N,) the centre of every hole, -1 where dropped (and for points that are no hole), proven."""

    assigned: IntArray


def cover_bound(graph: Reach, allowed: BoolArray) -> int:
    """No fewer centres than this reach every hole that any allowed one reaches (LP relaxation)."""
    rows = _reachable(graph, allowed)
    if not rows.any():
        return 0
    cover = graph.as_matrix()[rows][:, allowed]
    solution = linprog(  # type: ignore[call-overload]  # its types know no sparse matrices
        np.ones(cover.shape[1]),
        A_ub=-cover,
        b_ub=-np.ones(cover.shape[0]),
        bounds=(0, 1),
        method="highs",
    )
    return math.ceil(solution.fun - WHOLE) if solution.success else 1


def best_cover(graph: Reach, allowed: BoolArray, *, fewer_than: int, nodes: int) -> IntArray | None:
    """The fewest centres (ascending) that reach everything, when fewer than `fewer_than` do.

    Empty: it is proven that no fewer do. `None`: not proven within `nodes` of the search tree.
    """
    rows = _reachable(graph, allowed)
    centres = np.flatnonzero(allowed)
    cover = graph.as_matrix()[rows][:, allowed]
    every = csr_matrix(np.ones((1, len(centres))))
    solution = milp(
        np.ones(len(centres)),
        constraints=[
            LinearConstraint(cover, 1, np.inf),
            LinearConstraint(every, 0, fewer_than - 1),
        ],
        integrality=np.ones(len(centres), dtype=np.int64),
        bounds=Bounds(0, 1),
        options={"node_limit": nodes, "mip_rel_gap": 0.0},
    )
    if solution.status == _OPTIMAL and solution.x is not None:
        return np.asarray(centres[solution.x > 0.5], dtype=np.int64)
    return np.empty(0, dtype=np.int64) if solution.status == _INFEASIBLE else None


def best_plan(
    graph: Reach,
    value: FloatArray,
    allowed: BoolArray,
    *,
    min_size: int,
    max_size: int,
    nodes: int,
) -> Best | None:
    """Least dropped weight, then fewest groups, sizes exact; `None` when `nodes` do not prove it.

    The model of analysis-targets 4.1 with its variables x (open), y (assigned) and d (dropped).
    """
    count, centres = len(graph), np.flatnonzero(allowed)
    slot = np.full(count, -1, dtype=np.int64)
    slot[centres] = np.arange(len(centres))
    rows = np.repeat(np.arange(count), np.diff(graph.starts))
    kept = graph.is_hole[graph.members] & allowed[rows]
    slots, holes = slot[rows[kept]], graph.members[kept]
    problem = _Model.of(slots, holes, centres, graph.is_hole, value)
    solution = milp(
        problem.cost,
        constraints=problem.constraints(min_size, max_size),
        integrality=np.ones(len(problem.cost), dtype=np.int64),
        bounds=Bounds(0, 1),
        options={"node_limit": nodes, "mip_rel_gap": 0.0},
    )
    if solution.status != _OPTIMAL or solution.x is None:
        return None
    assigned = np.full(count, -1, dtype=np.int64)
    given = solution.x[len(centres) : len(centres) + len(slots)] > 0.5
    assigned[holes[given]] = centres[slots[given]]
    return Best(assigned)


def _reachable(graph: Reach, allowed: BoolArray) -> BoolArray:
    """(N,) the holes that some allowed centre reaches."""
    reached: BoolArray = (graph.as_matrix() @ allowed.astype(np.float64)) > 0
    return reached & graph.is_hole


@dataclass(frozen=True, slots=True)
class _Model:
    """Columns in the order x (centres), y (pairs), d (holes)."""

    cost: FloatArray
    slots: IntArray
    rows: IntArray
    own: BoolArray
    sizes: tuple[int, int, int]

    @classmethod
    def of(
        cls,
        slots: IntArray,
        holes: IntArray,
        centres: IntArray,
        is_hole: BoolArray,
        value: FloatArray,
    ) -> _Model:
        number = np.cumsum(is_hole) - 1
        least = float(value[is_hole].min())
        losing_one = (len(centres) + 1.0) / least
        cost = np.concatenate(
            [np.ones(len(centres)), np.zeros(len(slots)), losing_one * value[is_hole]]
        )
        sizes = len(centres), len(slots), int(is_hole.sum())
        return cls(cost, slots, number[holes], holes == centres[slots], sizes)

    def constraints(self, min_size: int, max_size: int) -> list[LinearConstraint]:
        """Each hole once or dropped; only open centres; every centre its own; sizes exact."""
        centres, pairs, holes = self.sizes
        ones, which = np.ones(pairs), np.arange(pairs)
        by_hole = coo_matrix((ones, (self.rows, which)), shape=(holes, pairs))
        by_slot = coo_matrix((ones, (self.slots, which)), shape=(centres, pairs))
        opened = coo_matrix((ones, (which, self.slots)), shape=(pairs, centres))
        no_d = csr_matrix((pairs, holes))
        only_open = hstack([-opened, identity(pairs), no_d], format="csr")
        once = hstack([csr_matrix((holes, centres)), by_hole, identity(holes)], format="csr")
        eye, none = identity(centres), csr_matrix((centres, holes))
        size = vstack(
            [
                hstack([-min_size * eye, by_slot, none]),
                hstack([max_size * eye, -by_slot, none]),
            ],
            format="csr",
        )
        keeps = np.where(self.own, 0.0, -np.inf)
        return [
            LinearConstraint(only_open, keeps, 0.0),
            LinearConstraint(once, 1.0, 1.0),
            LinearConstraint(size, 0.0, np.inf),
        ]
