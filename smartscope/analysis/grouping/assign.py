"""Which hole goes to which open centre: a transport problem, shortest shifts within exact size
limits.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_matrix, csr_matrix, vstack

from smartscope.analysis.base import FloatArray, IntArray
from smartscope.analysis.grouping.reach import Reach

DROP_COST_UM2 = 1e6
TIE_COST_UM2 = 1e-7


def assign_holes(
    graph: Reach, centres: IntArray, weights: FloatArray, *, min_size: int, max_size: int
) -> IntArray | None:
    """(N,) the centre of every hole, -1 where dropped (and for points that are no hole); `None`
    when a centre cannot reach `min_size`.

    Minimises the weight of dropped holes first, then Σ|shift|². Every centre that is a hole keeps
    itself. The constraints are those of a transport problem, so a vertex of the linear programme is
    integral.
    """
    holes, slots, cost = _allowed_pairs(graph, centres)
    required = np.flatnonzero(graph.is_hole)
    row_of = np.cumsum(graph.is_hole) - 1
    count, pairs = len(required), len(holes)
    rows = np.concatenate([row_of[holes], np.arange(count)])
    once = coo_matrix((np.ones(pairs + count), (rows, np.arange(pairs + count)))).tocsr()
    sizes = csr_matrix(
        coo_matrix((np.ones(pairs), (slots, np.arange(pairs))), shape=(len(centres), pairs + count))
    )
    own = centres[slots] == holes
    lower = np.concatenate([own.astype(float), np.zeros(count)])
    solution = linprog(  # type: ignore[call-overload]  # its types know no sparse matrices
        np.concatenate([cost, DROP_COST_UM2 * weights[required]]),
        A_ub=vstack([sizes, -sizes]),
        b_ub=np.concatenate(
            [np.full(len(centres), float(max_size)), np.full(len(centres), -float(min_size))]
        ),
        A_eq=once,
        b_eq=np.ones(count),
        bounds=np.column_stack([lower, np.ones(pairs + count)]),
        method="highs-ds",
    )
    if not solution.success:
        return None
    taken = solution.x[:pairs] > 0.5
    assigned = np.full(len(graph), -1, dtype=np.int64)
    assigned[holes[taken]] = centres[slots[taken]]
    return assigned


def _allowed_pairs(graph: Reach, centres: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Hole, slot of the centre, and cost of each allowed pair; a tiny cost breaks ties towards low
    ids.
    """
    spans = [slice(graph.starts[centre], graph.starts[centre + 1]) for centre in centres]
    holes = np.concatenate([graph.members[span] for span in spans])
    lengths = [span.stop - span.start for span in spans]
    slots = np.repeat(np.arange(len(centres)), lengths).astype(np.int64)
    shifts = np.concatenate([graph.shifts_um[span] for span in spans])
    ties = TIE_COST_UM2 * (holes * len(centres) + slots) / max(len(graph) * len(centres), 1)
    is_open = np.zeros(len(graph), dtype=np.bool_)
    is_open[centres] = True
    kept = graph.is_hole[holes] & (~is_open[holes] | (holes == centres[slots]))
    return holes[kept], slots[kept], (shifts**2 + ties)[kept]
