"""What corrections teach beside the unlearnt odds: a planted difference, and otherwise nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import expit

from smartscope.analysis.base import BoolArray
from smartscope.analysis.picking.corrections import Looked, corrected

FEATURES, PLACES = 12, 900


def looked(seed: int, *, told_by_looks: float, share: float) -> tuple[Looked, BoolArray]:
    """Places of which the first look tells what the odds do not, and a `share` of the mistakes of
    the odds clicked on; with what is true of each.
    """
    random = np.random.default_rng(seed)
    looks = random.normal(size=(PLACES, FEATURES))
    odds = np.where(random.uniform(size=PLACES) < 0.4, 1.5, -2.5)
    true = random.uniform(size=PLACES) < expit(odds + told_by_looks * looks[:, 0])
    clicked = ((odds >= 0.0) != true) & (random.uniform(size=PLACES) < share)
    return Looked(looks, odds, odds >= 0.0, clicked & true, clicked & ~true), true


def rightly(seed: int, *, told_by_looks: float, share: float) -> tuple[float, float]:
    """The share of places judged rightly on another set, before and after."""
    found, _ = corrected(looked(seed, told_by_looks=told_by_looks, share=share)[0])
    other, true = looked(seed + 1000, told_by_looks=told_by_looks, share=0.0)
    after = found.odds(other.looks, other.odds) >= 0.0
    return float((other.shown == true).mean()), float((after == true).mean())


def test_a_tenth_of_the_mistakes_teaches_what_tells_them() -> None:
    before, after = np.mean(
        [rightly(seed, told_by_looks=2.5, share=0.15) for seed in range(4)], axis=0
    )
    assert after > before + 0.05


def test_where_looks_tell_nothing_little_is_lost() -> None:
    judged = np.array([rightly(seed, told_by_looks=0.0, share=0.15) for seed in range(6)])
    gains = judged[:, 1] - judged[:, 0]
    assert gains.mean() > -0.01
    assert gains.min() > -0.05


def test_clicks_are_no_sample_of_particles() -> None:
    """All places pointed at have low odds and all taken away have high ones: it is not learnt that
    low odds are good.
    """
    shown = looked(1, told_by_looks=0.0, share=0.3)[0]
    found, _ = corrected(shown)
    assert found.stretched > -0.7
    assert (found.odds(shown.looks, shown.odds)[shown.shown] > 0.0).mean() > 0.8


def test_few_clicks_that_foretell_nothing_change_nothing() -> None:
    shown = looked(2, told_by_looks=0.0, share=0.0)[0]
    wrong = np.zeros(PLACES, dtype=np.bool_)
    wrong[np.flatnonzero(shown.shown)[:6]] = True
    found, said = corrected(replace(shown, wrong=wrong))
    assert found.changes_nothing
    assert (said.shown, said.taken_away, said.kept) == (0, 6, 6)
