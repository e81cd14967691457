"""What a person's corrections of picks say, beside what the picker thought of each place before.

Clicks are no sample of particles: they are mistakes, and what was looked at and left alone is
evidence too. So what is fitted is the chance of a click: a mistake is clicked on with a share that
is estimated as well, anything else never. The unlearnt picker is where the fit starts from, and
stays what it was where clicks cannot be foretold better than by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.special import expit

from smartscope.analysis.base import BoolArray, FloatArray

#: how strongly weights are held at 0, tried one after the other; the last moves the threshold alone
RIDGES: Final = (1.0, 3.0, 10.0, 30.0, 100.0, 1e6)
#: hidden places must be foretold better than by the unlearnt picker by so much (log likelihood)
LEAST_GAIN: Final = 4.0
#: of what was shown and left alone, a correction keeps at least so much: people have looked at it
LEAST_KEPT: Final = 0.6
_SHIFT_RIDGE: Final = 0.3
_ROUNDS: Final = 25
_FOLDS: Final = 5
_MOST_DEVIATIONS: Final = 4.0
_LEAST: Final = 1e-6
_FIRST_SHARE: Final = 0.1
#: before anything is known, so many mistakes are taken to be left for each that was clicked on
_PASSED_OVER: Final = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """Candidates of micrographs that a person corrected: their `looks` (n, features), the log
    `odds` (n,) of being a particle that the unlearnt picker gives them, which were `shown` as picks
    (n,), and which were pointed at, `right` (n,), or taken away, `wrong` (n,).
    """

    looks: FloatArray
    odds: FloatArray
    shown: BoolArray
    right: BoolArray
    wrong: BoolArray

    @property
    def clicks(self) -> int:
        """On candidates."""
        return int(np.count_nonzero(self.right | self.wrong))

    def only(self, chosen: BoolArray) -> Looked:
        """The candidates that are `chosen` (n,)."""
        return Looked(
            self.looks[chosen],
            self.odds[chosen],
            self.shown[chosen],
            self.right[chosen],
            self.wrong[chosen],
        )

    def without_clicks_on(self, hidden: BoolArray) -> Looked:
        """As if nobody had clicked on the `hidden` (n,)."""
        return replace(self, right=self.right & ~hidden, wrong=self.wrong & ~hidden)


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """`weights` (features,) of looks less `centre` over `spread`, in log odds; what the unlearnt
    odds are `stretched` by besides, and a `shift`.
    """

    centre: FloatArray
    spread: FloatArray
    weights: FloatArray
    stretched: float = 0.0
    shift: float = 0.0

    def odds(self, looks: FloatArray, unlearnt: FloatArray) -> FloatArray:
        """(n,) log odds of candidates with `looks` (n, features) and `unlearnt` odds (n,)."""
        said = standard(looks, self.centre, self.spread) @ self.weights
        return np.asarray(said + (1.0 + self.stretched) * unlearnt + self.shift)

    @property
    def changes_nothing(self) -> bool:
        """Whether the unlearnt picker stays as it was."""
        return not (self.weights.any() or self.stretched or self.shift)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a picker judges clicks that it was not shown, each in its turn.

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


def standard(looks: FloatArray, centre: FloatArray, spread: FloatArray) -> FloatArray:
    """(n, features) in deviations of all candidates, none beyond four."""
    away = np.clip((looks - centre) / spread, -_MOST_DEVIATIONS, _MOST_DEVIATIONS)
    return np.asarray(away, dtype=np.float64)


def corrected(looked: Looked, *, seed: int = 0) -> tuple[Correction, Agreement]:
    """The correction that foretells hidden places best, and how its like judge hidden clicks.

    Where none foretells clearly better than the unlearnt picker which places are clicked on, it
    changes nothing.
    """
    centre, spread = looked.looks.mean(axis=0), looked.looks.std(axis=0) + 1e-6
    nothing = Correction(centre, spread, np.zeros(len(centre)))
    folds = _folds(looked, seed)
    merits = [_foretold(looked, nothing, folds, None)]
    merits += [_foretold(looked, nothing, folds, ridge) for ridge in RIDGES]
    best = int(np.argmax(merits))
    chosen = RIDGES[best - 1] if best and merits[best] > merits[0] + LEAST_GAIN else None
    found = nothing if chosen is None else _fitted(looked, nothing, chosen)[0]
    if _kept(looked, found) < LEAST_KEPT:
        found, chosen = nothing, None
    return found, _agreement(looked, nothing, folds, chosen)


def _kept(looked: Looked, found: Correction) -> float:
    """The share of what was left alone that is still picked; 1 where nothing was."""
    alone = looked.shown & ~looked.wrong
    picked = found.odds(looked.looks, looked.odds) >= 0.0
    return float(picked[alone].mean()) if alone.any() else 1.0


def _folds(looked: Looked, seed: int) -> FloatArray:
    """(n,) which fifth each candidate belongs to; clicks are spread evenly."""
    drawn = np.random.default_rng(seed)
    fold = drawn.permutation(len(looked.odds)) % _FOLDS
    for kind in (looked.right, looked.wrong):
        fold[kind] = drawn.permutation(int(kind.sum())) % _FOLDS
    return np.asarray(fold)


def _foretold(looked: Looked, nothing: Correction, folds: FloatArray, ridge: float | None) -> float:
    """The log likelihood of what happened to each place, by a fit that did not see it."""
    total = 0.0
    for fold in range(_FOLDS):
        rest = looked.only(folds != fold)
        found, share = _fitted(rest, nothing, ridge)
        total += _likelihood(looked.only(folds == fold), found, share)
    return total


def _agreement(
    looked: Looked, nothing: Correction, folds: FloatArray, ridge: float | None
) -> Agreement:
    hits = kept = 0
    for fold in range(_FOLDS):
        hidden = folds == fold
        found, _ = _fitted(looked.without_clicks_on(hidden), nothing, ridge)
        picked = found.odds(looked.looks, looked.odds) >= 0.0
        hits += int(np.count_nonzero(picked & hidden & looked.right))
        kept += int(np.count_nonzero(picked & hidden & looked.wrong))
    return Agreement(int(looked.right.sum()), hits, int(looked.wrong.sum()), kept)


def _likelihood(looked: Looked, found: Correction, share: FloatArray) -> float:
    """Of clicks and of their absence; `share` of mistakes clicked on: missed ones, false ones."""
    odds = expit(found.odds(looked.looks, looked.odds))
    mistake = np.where(looked.shown, 1.0 - odds, odds)
    click = share[looked.shown.astype(np.intp)] * mistake
    clicked = looked.right | looked.wrong
    return float(np.log(np.maximum(np.where(clicked, click, 1.0 - click), _LEAST)).sum())


def _fitted(
    looked: Looked, nothing: Correction, ridge: float | None
) -> tuple[Correction, FloatArray]:
    """By expectation and maximisation over what the places nobody clicked on are; with the share
    of missed and of false picks that are clicked on. No `ridge`: the share alone.
    """
    looks = standard(looked.looks, nothing.centre, nothing.spread)
    looks = np.column_stack([looks, looked.odds, np.ones(len(looks))])
    weights = np.zeros(looks.shape[1])
    held = np.full(looks.shape[1], _LEAST if ridge is None else ridge)
    held[-2:] = _SHIFT_RIDGE
    clicked = looked.right | looked.wrong
    kinds = np.array([(looked.right & ~looked.shown).any(), (looked.wrong & looked.shown).any()])
    share = np.where(kinds, _FIRST_SHARE, 0.0)
    for _ in range(_ROUNDS):
        odds = expit(looked.odds + looks @ weights)
        mistake = np.where(looked.shown, 1.0 - odds, odds)
        part = share[looked.shown.astype(np.intp)]
        # a mistake that nobody clicked on, by all that passed
        left = mistake * (1.0 - part) / np.maximum(1.0 - part * mistake, _LEAST)
        particle = np.where(looked.shown, 1.0 - left, left)
        particle = np.where(looked.right, 1.0, np.where(looked.wrong, 0.0, particle))
        counted = np.where(looked.shown, kinds[1], kinds[0]) & True
        seen = int(np.count_nonzero(clicked & counted))
        missed = float(left[~clicked & counted].sum())
        share = np.where(kinds, seen / max((1.0 + _PASSED_OVER) * seen + missed, 1.0), 0.0)
        if ridge is None:
            continue
        slope = looks.T @ (particle - odds) - held * weights
        bend = (looks * (odds * (1.0 - odds))[:, None]).T @ looks + np.diag(held)
        weights = weights + np.linalg.solve(bend, slope)
    stretched, shift = weights[-2:].tolist()
    return replace(nothing, weights=weights[:-2], stretched=stretched, shift=shift), share


def joined(lessons: Sequence[Looked]) -> Looked:
    """Those of several micrographs as one."""
    return Looked(
        np.concatenate([one.looks for one in lessons]),
        np.concatenate([one.odds for one in lessons]),
        np.concatenate([one.shown for one in lessons]),
        np.concatenate([one.right for one in lessons]),
        np.concatenate([one.wrong for one in lessons]),
    )
