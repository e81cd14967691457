"""A detector learnt from the micrograph itself: its surest picks against its decoys.

Picks and decoys are judged by what was learnt in the other half of the field, so that a decoy is
never judged by what it taught. One round: in a second, decoys would judge what they helped choose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit

from smartscope.analysis.base import BoolArray, FloatArray, IntArray
from smartscope.analysis.picking.decoys import more_than_chance

#: this part of what is more than chance is taken for particles
_SURE_PART: Final = 0.6
_FEWEST: Final = 6
_STEPS: Final = 12
_RIDGE: Final = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Candidates or decoys: features (n, m), scores (n,), and which half of the field (n,)."""

    features: FloatArray
    scores: FloatArray
    half: IntArray


def learnt_scores(candidates: Seen, decoys: Seen) -> tuple[FloatArray, FloatArray] | None:
    """Log odds of being a particle, for candidates and decoys; None where too few are sure."""
    if len(decoys.scores) < _FEWEST:
        return None
    centre = decoys.features.mean(axis=0)
    spread = decoys.features.std(axis=0) + 1e-6
    upright, chance = (
        np.column_stack([(each.features - centre) / spread, np.ones(len(each.scores))])
        for each in (candidates, decoys)
    )
    wanted = int(_SURE_PART * more_than_chance(candidates.scores, decoys.scores))
    if wanted < _FEWEST:
        return None
    sure = candidates.scores >= np.sort(candidates.scores)[::-1][wanted - 1]
    return _judged(upright, sure, candidates.half, chance, decoys.half)


def _judged(
    upright: FloatArray, sure: BoolArray, half: IntArray, chance: FloatArray, chance_half: IntArray
) -> tuple[FloatArray, FloatArray] | None:
    scores, against = np.zeros(len(upright)), np.zeros(len(chance))
    for judged in (0, 1):
        particles = upright[sure & (half != judged)]
        noise = chance[chance_half != judged]
        if min(len(particles), len(noise)) < _FEWEST // 2:
            return None
        weights = _fitted(particles, noise)
        said, decoy = upright[half == judged] @ weights, chance[chance_half == judged] @ weights
        # two halves were judged by two detectors: noise must look the same to both
        middle, spread = np.median(decoy), float(decoy.std()) + 1e-6
        scores[half == judged] = (said - middle) / spread
        against[chance_half == judged] = (decoy - middle) / spread
    return scores, against


def _fitted(particles: FloatArray, noise: FloatArray) -> FloatArray:
    """Logistic regression with a ridge, both kinds weighing the same."""
    features = np.concatenate([particles, noise])
    kind = np.concatenate([np.ones(len(particles)), np.zeros(len(noise))])
    weight = 0.5 * len(kind) * np.where(kind > 0.5, 1.0 / len(particles), 1.0 / len(noise))
    ridge = _RIDGE * np.eye(features.shape[1])
    ridge[-1, -1] = 1e-6
    found = np.zeros(features.shape[1])
    for _ in range(_STEPS):
        odds = expit(features @ found)
        slope = features.T @ (weight * (kind - odds)) - ridge @ found
        bend = (features * (weight * odds * (1.0 - odds))[:, None]).T @ features + ridge
        found = found + np.linalg.solve(bend, slope)
    return found
