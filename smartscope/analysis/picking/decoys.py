"""How many picks are chance: the same search in the picture with dark and bright exchanged.

Assumes that noise is as often bright as dark; `benchmarks.picking` checks it on empty ice.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from smartscope.analysis.base import FloatArray, IntArray

FALSE_SHARE: Final = 0.1
#: a response that noise does not reach in a whole micrograph
CERTAIN: Final = 6.0


def false_shares(scores: FloatArray, decoys: FloatArray) -> FloatArray:
    """(n,) for scores sorted best first: the share of chance among those as good, never falling.

    One decoy more than seen is counted, so nothing is believed that ten picks do not support.
    """
    upright = np.arange(1, len(scores) + 1)
    chance = len(decoys) - np.searchsorted(np.sort(decoys), scores, side="left")
    share = (chance + 1.0) / np.maximum(upright, 1)
    lowest = np.minimum.accumulate(share[::-1])[::-1]
    return np.asarray(np.minimum(lowest, 1.0), dtype=np.float64)


def threshold_for(
    scores: FloatArray, decoys: FloatArray, *, false_share: float = FALSE_SHARE
) -> float:
    """The score at which F1 is expected to be best; infinite where no score has at most
    `false_share` of chance.

    Expected are upright less decoys as good for the hits, their largest surplus for all particles.
    """
    ordered = np.sort(scores)[::-1]
    if not (false_shares(ordered, decoys) <= false_share).any():
        return math.inf
    upright, surplus = np.arange(1, len(ordered) + 1), _surplus(ordered, decoys)
    expected = 2.0 * surplus / (upright + max(1, int(surplus.max())))
    return float(ordered[int(np.argmax(expected))])


def more_than_chance(scores: FloatArray, decoys: FloatArray) -> int:
    """How many particles there are at least: the largest surplus over decoys as good."""
    if not len(scores):
        return 0
    return max(0, int(_surplus(np.sort(scores)[::-1], decoys).max()))


def sureness(scores: FloatArray, decoys: FloatArray) -> FloatArray:
    """(n,) 0 to 1: one minus the share of chance among picks as good, in the order given."""
    order = np.argsort(-scores, kind="stable")
    sure = np.empty(len(scores))
    sure[order] = 1.0 - false_shares(scores[order], decoys)
    return sure


def _surplus(ordered: FloatArray, decoys: FloatArray) -> IntArray:
    """How many more upright than decoys there are, down to each score (n,), best first."""
    chance = len(decoys) - np.searchsorted(np.sort(decoys), ordered, side="left")
    return np.asarray(np.arange(1, len(ordered) + 1) - chance, dtype=np.int64)
