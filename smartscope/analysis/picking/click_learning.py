"""A detector learnt from a few clicks of a person and from what nobody clicked on.

Positive are the places pointed at, negative the picks taken away and the decoys; everything else is
unlabelled. Decoys are a sample of what unlabelled places hold besides particles, so the surest
surplus over them is taken for particles too, weighing less than a click.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.special import expit

from smartscope.analysis.base import BoolArray, FloatArray, IntArray
from smartscope.analysis.picking.decoys import more_than_chance, threshold_for

#: a click weighs like so many places that nobody clicked on; the best is taken
CLICK_WEIGHTS: Final = (0.5, 1.5, 4.0)
#: this part of what is more than chance is taken for particles
_SURE_PART: Final = 0.6
_ROUNDS: Final = 3
_STEPS: Final = 12
_RIDGE: Final = 20.0
_FOLDS: Final = 5
_FEWEST_DECOYS: Final = 6


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Of one micrograph: `candidates` (n, features) and `decoys` (m, features); which candidates
    people pointed at, `right`, or took away, `wrong` (indices); `missed` (k, features) are places
    pointed at where no candidate is. `ranks` (n,) and `decoy_ranks` (m,) tell how well each matched
    before anything was learnt.
    """

    candidates: FloatArray
    decoys: FloatArray
    right: IntArray
    wrong: IntArray
    missed: FloatArray
    ranks: FloatArray
    decoy_ranks: FloatArray

    @property
    def clicks(self) -> int:
        return len(self.right) + len(self.wrong) + len(self.missed)


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """Scores are `features @ weights[:-1] + weights[-1]` of features less `centre` over `spread`,
    (features,) each, then made alike over micrographs by their decoys; see `scores_by`.
    """

    centre: FloatArray
    spread: FloatArray
    weights: FloatArray
    threshold: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a detector judges clicks that it was not shown, each in its turn.

    `hits` of the `shown` places pointed at it holds for particles, and still holds `kept` of the
    `taken_away` picks for particles.
    """

    shown: int
    hits: int
    taken_away: int
    kept: int

    @property
    def f1(self) -> float:
        """Over the clicks alone, 0 to 1; what was there before has 0, for clicks correct it."""
        whole = self.shown + self.hits + self.kept
        return 2.0 * self.hits / whole if whole else 0.0


def learnt(lessons: Sequence[Lesson]) -> Learnt | None:
    """None where no place pointed at is left, or no decoys.

    How much clicks weigh is chosen by what nobody clicked on: clicks correct what is hardest, and
    where particles are faint too much weight on them would teach noise.
    """
    decoys = np.concatenate([each.decoys for each in lessons])
    if len(decoys) < _FEWEST_DECOYS:
        return None
    centre, spread = decoys.mean(axis=0), decoys.std(axis=0) + 1e-6
    tried = [_tried(lessons, centre, spread, weight) for weight in CLICK_WEIGHTS]
    able = [one for one in tried if one is not None]
    if not able:
        return None
    many = max(one.surplus for one in able)
    return max(able, key=lambda one: one.merit(many)).found


def scores_by(found: Learnt, candidates: FloatArray, decoys: FloatArray) -> tuple[FloatArray, ...]:
    """Of candidates (n,) and decoys (m,): how many deviations of the decoys above their median."""
    said, against = _raw(found, candidates), _raw(found, decoys)
    if not len(against):
        return said, against
    middle = float(np.median(against))
    spread = 1.4826 * float(np.median(np.abs(against - middle))) + 1e-6
    return (said - middle) / spread, (against - middle) / spread


def agreement(lessons: Sequence[Lesson], *, seed: int = 0) -> Agreement:
    """Five times a fifth of the clicks is hidden, and judged by what the others taught."""
    drawn = np.random.default_rng(seed)
    folds = [
        tuple(drawn.permutation(len(part)) % _FOLDS for part in (one.right, one.wrong, one.missed))
        for one in lessons
    ]
    shown = hits = taken = kept = 0
    for fold in range(_FOLDS):
        rest = [
            _without(one, *(part == fold for part in parts))
            for one, parts in zip(lessons, folds, strict=True)
        ]
        found = learnt(rest)
        if found is None:
            continue
        for one, (right, wrong, missed) in zip(lessons, folds, strict=True):
            passed = scores_by(found, one.candidates, one.decoys)[0] >= found.threshold
            mine, away = passed[one.right[right == fold]], passed[one.wrong[wrong == fold]]
            # a place without a candidate is never found
            shown += len(mine) + int((missed == fold).sum())
            hits += int(mine.sum())
            taken, kept = taken + len(away), kept + int(away.sum())
    return Agreement(shown, hits, taken, kept)


def _without(one: Lesson, right: BoolArray, wrong: BoolArray, missed: BoolArray) -> Lesson:
    return replace(
        one, right=one.right[~right], wrong=one.wrong[~wrong], missed=one.missed[~missed]
    )


def _taught(
    lessons: Sequence[Lesson], centre: FloatArray, spread: FloatArray, weight: float
) -> Learnt | None:
    """Clicks, and what stands out, at first by how it matches and then by what was learnt."""
    positive = np.concatenate(
        [each.candidates[each.right] for each in lessons] + [each.missed for each in lessons]
    )
    negative = np.concatenate([each.candidates[each.wrong] for each in lessons])
    decoys = np.concatenate([each.decoys for each in lessons])
    if not len(positive):
        return None
    clicked = np.full(len(positive), weight)
    against = np.concatenate([negative, decoys])
    against_weight = np.concatenate([np.full(len(negative), weight), np.ones(len(decoys))])
    found: Learnt | None = None
    for _ in range(_ROUNDS):
        sure = np.concatenate([_sure(found, each) for each in lessons])
        found = _fitted(
            np.concatenate([positive, sure]),
            np.concatenate([clicked, np.ones(len(sure))]),
            against,
            against_weight,
            centre,
            spread,
        )
    return found


def _sure(found: Learnt | None, one: Lesson) -> FloatArray:
    """(n, features) of candidates that nobody clicked on and that stand out from the decoys, by
    how they match as long as nothing is learnt.
    """
    if found is None:
        said, against = one.ranks.copy(), one.decoy_ranks
    else:
        said, against = scores_by(found, one.candidates, one.decoys)
    said[np.concatenate([one.right, one.wrong])] = -np.inf
    wanted = int(_SURE_PART * more_than_chance(said[np.isfinite(said)], against))
    if wanted < 1:
        return one.candidates[:0]
    return one.candidates[np.argsort(-said, kind="stable")[:wanted]]


def _fitted(
    positive: FloatArray,
    positive_weight: FloatArray,
    negative: FloatArray,
    negative_weight: FloatArray,
    centre: FloatArray,
    spread: FloatArray,
) -> Learnt:
    """Logistic regression with a ridge, both kinds weighing the same together."""
    looks = np.concatenate([positive, negative])
    looks = np.column_stack([(looks - centre) / spread, np.ones(len(looks))])
    kind = np.concatenate([np.ones(len(positive)), np.zeros(len(negative))])
    half = 0.5 * (len(positive) + len(negative))
    weight = np.concatenate(
        [
            half * positive_weight / positive_weight.sum(),
            half * negative_weight / negative_weight.sum(),
        ]
    )
    ridge = _RIDGE * np.eye(looks.shape[1])
    ridge[-1, -1] = 1e-6
    weights = np.zeros(looks.shape[1])
    for _ in range(_STEPS):
        odds = expit(looks @ weights)
        slope = looks.T @ (weight * (kind - odds)) - ridge @ weights
        bend = (looks * (weight * odds * (1.0 - odds))[:, None]).T @ looks + ridge
        weights = weights + np.linalg.solve(bend, slope)
    return Learnt(centre, spread, weights, threshold=0.0)


def _raw(found: Learnt, looks: FloatArray) -> FloatArray:
    """(n,) log odds."""
    return np.asarray(
        (looks - found.centre) / found.spread @ found.weights[:-1] + found.weights[-1],
        dtype=np.float64,
    )


@dataclass(frozen=True, slots=True)
class _Tried:
    """A detector; of its `picked` places that nobody clicked on `hits` are more than chance, and
    at most `surplus` are at any threshold.
    """

    found: Learnt
    picked: int
    hits: int
    surplus: int

    def merit(self, many: int) -> float:
        """F1 where there are `many` particles."""
        return 2.0 * self.hits / max(1, self.picked + many)


def _tried(
    lessons: Sequence[Lesson], centre: FloatArray, spread: FloatArray, weight: float
) -> _Tried | None:
    """The threshold is one for the grid, where F1 is expected to be best over its micrographs; that
    particles are there is known, since people pointed at them.

    Where there are two micrographs and more, none is judged by what its own decoys taught.
    """
    found = _taught(lessons, centre, spread, weight)
    if found is None:
        return None
    scores, against, unclicked = [], [], []
    for side in (0, 1):
        others = [
            _clicks_alone(one) if number % 2 == side else one for number, one in enumerate(lessons)
        ]
        by = _taught(others, centre, spread, weight) if len(lessons) > 1 else found
        for one in lessons[side::2]:
            said, decoys = scores_by(by or found, one.candidates, one.decoys)
            scores.append(said)
            against.append(decoys)
            unclicked.append(np.delete(said, np.concatenate([one.right, one.wrong])))
    joined = np.concatenate(against)
    limit = threshold_for(np.concatenate(scores), joined, false_share=1.0)
    free = np.concatenate(unclicked)
    picked = int(np.count_nonzero(free >= limit))
    return _Tried(
        found=replace(found, threshold=limit),
        picked=picked,
        hits=max(0, picked - int(np.count_nonzero(joined >= limit))),
        surplus=more_than_chance(free, joined),
    )


def _clicks_alone(one: Lesson) -> Lesson:
    right, wrong = len(one.right), len(one.wrong)
    return Lesson(
        candidates=one.candidates[np.concatenate([one.right, one.wrong])],
        decoys=one.decoys[:0],
        right=np.arange(right),
        wrong=right + np.arange(wrong),
        missed=one.missed,
        ranks=np.zeros(right + wrong),
        decoy_ranks=np.zeros(0),
    )
