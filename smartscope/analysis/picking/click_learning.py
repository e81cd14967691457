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
from smartscope.analysis.picking.decoys import middle_of_nearly_best, more_than_chance

#: a click weighs like so many places that nobody clicked on; the best is taken
CLICK_WEIGHTS: Final = (0.5, 1.5, 4.0)
#: this part of what is more than chance is taken for particles
_SURE_PART: Final = 0.6
_ROUNDS: Final = 3
_STEPS: Final = 12
_RIDGE: Final = 20.0
_FOLDS: Final = 5
_FEWEST_DECOYS: Final = 6
#: so many picks taken away weigh as much as all decoys
_ENOUGH_AWAY: Final = 12


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


def learnt(lessons: Sequence[Lesson], *, seed: int = 0) -> tuple[Learnt, Agreement] | None:
    """A detector, and how its like judge clicks that were hidden from them.

    How much clicks weigh is chosen by what comes of it: clicks correct what is hardest, and where
    particles are faint too much weight on them would teach noise. None where no place pointed at is
    left, or no decoys.
    """
    decoys = np.concatenate([each.decoys for each in lessons])
    if len(decoys) < _FEWEST_DECOYS:
        return None
    centre, spread = decoys.mean(axis=0), decoys.std(axis=0) + 1e-6
    tried = [_tried(_Taught(lessons, centre, spread, weight), seed) for weight in CLICK_WEIGHTS]
    able = [one for one in tried if one is not None]
    if not able:
        return None
    many = max(one.judged.surplus for one in able)
    best = max(able, key=lambda one: one.merit(many))
    return best.found, best.agreement


def scores_by(found: Learnt, candidates: FloatArray, decoys: FloatArray) -> tuple[FloatArray, ...]:
    """Of candidates (n,) and decoys (m,): how many deviations of the decoys above their median."""
    said, against = _raw(found, candidates), _raw(found, decoys)
    if not len(against):
        return said, against
    middle = float(np.median(against))
    spread = 1.4826 * float(np.median(np.abs(against - middle))) + 1e-6
    return (said - middle) / spread, (against - middle) / spread


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
    if not len(positive) or not len(decoys):
        return None
    clicked = np.full(len(positive), weight)
    against = np.concatenate([negative, decoys])
    # enough of what was taken away weighs as much as all chance does
    share = len(decoys) / max(len(negative), _ENOUGH_AWAY)
    against_weight = np.concatenate([np.full(len(negative), share), np.ones(len(decoys))])
    found: Learnt | None = None
    if len(negative):
        found = _fitted(positive, clicked, against, against_weight, centre, spread)
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


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """Scores of candidates (n,) and decoys (m,) of all micrographs by detectors that their own
    decoys did not teach; `right` and `wrong` of clicks by detectors that these were hidden from,
    -inf for a place pointed at without a candidate.
    """

    scores: FloatArray
    decoys: FloatArray
    right: FloatArray
    wrong: FloatArray

    @property
    def surplus(self) -> int:
        return more_than_chance(self.scores, self.decoys)

    def merits(self, limits: FloatArray, many: int) -> FloatArray:
        """(k,) F1 where there are `many` particles, decoys telling of chance, times the share of
        particles among clicks that pass, which tells of what is dark and no particle.
        """

        def passing(values: FloatArray) -> FloatArray:
            below = np.searchsorted(np.sort(values), limits, side="left")
            return (len(values) - below).astype(np.float64)

        picked = passing(self.scores)
        hits = np.maximum(picked - passing(self.decoys), 0)
        right, wrong = passing(self.right), passing(self.wrong)
        return 2.0 * hits / np.maximum(picked + many, 1) * (right + 1.0) / (right + wrong + 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Tried:
    found: Learnt
    judged: _Judged

    def merit(self, many: int) -> float:
        return float(self.judged.merits(np.array([self.found.threshold]), many)[0])

    @property
    def agreement(self) -> Agreement:
        right, wrong = self.judged.right, self.judged.wrong
        return Agreement(
            shown=len(right),
            hits=int(np.count_nonzero(right >= self.found.threshold)),
            taken_away=len(wrong),
            kept=int(np.count_nonzero(wrong >= self.found.threshold)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Taught:
    """What a detector is fitted to, and how much a click weighs."""

    lessons: Sequence[Lesson]
    centre: FloatArray
    spread: FloatArray
    weight: float

    def by(self, lessons: Sequence[Lesson]) -> Learnt | None:
        return _taught(lessons, self.centre, self.spread, self.weight)


def _tried(given: _Taught, seed: int) -> _Tried | None:
    """The threshold is one for the grid: the middle one of those at which the merit is nearly
    best, since with few particles the very best is best by chance.
    """
    found = given.by(given.lessons)
    if found is None:
        return None
    scores, decoys = _crossed(given, found)
    judged = _Judged(scores, decoys, *_hidden(given, seed))
    limits = np.sort(scores)[::-1]
    merits = judged.merits(limits, judged.surplus)
    if not merits.size or merits.max() <= 0.0:
        return None
    limit = float(limits[middle_of_nearly_best(merits)])
    return _Tried(replace(found, threshold=limit), judged)


def _crossed(given: _Taught, found: Learnt) -> tuple[FloatArray, FloatArray]:
    """Where there are two micrographs and more, none is judged by what its own decoys taught."""
    lessons = given.lessons
    scores, against = [], []
    for side in (0, 1):
        others = [
            _clicks_alone(one) if number % 2 == side else one for number, one in enumerate(lessons)
        ]
        by = given.by(others) if len(lessons) > 1 else found
        for one in lessons[side::2]:
            said, decoys = scores_by(by or found, one.candidates, one.decoys)
            scores.append(said)
            against.append(decoys)
    return np.concatenate(scores), np.concatenate(against)


def _hidden(given: _Taught, seed: int) -> tuple[FloatArray, FloatArray]:
    """Five times a fifth of the clicks is hidden, and judged by what the others taught."""
    drawn = np.random.default_rng(seed)
    folds = [
        tuple(drawn.permutation(len(part)) % _FOLDS for part in (one.right, one.wrong, one.missed))
        for one in given.lessons
    ]
    right, wrong = [np.full(sum(len(one.missed) for one in given.lessons), -np.inf)], []
    for fold in range(_FOLDS):
        rest = [
            _without(one, *(part == fold for part in parts))
            for one, parts in zip(given.lessons, folds, strict=True)
        ]
        found = given.by(rest)
        if found is None:
            continue
        for one, parts in zip(given.lessons, folds, strict=True):
            said, _ = scores_by(found, one.candidates, one.decoys)
            right.append(said[one.right[parts[0] == fold]])
            wrong.append(said[one.wrong[parts[1] == fold]])
    return np.concatenate(right), np.concatenate(wrong) if wrong else np.zeros(0)


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
