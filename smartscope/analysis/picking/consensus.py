"""What several pickers say of one image, weighed into one answer; never a mere count of votes.

Picks of different pickers that all lie within 0.3 diameters of one another are one particle. Who
saw it and how surely is weighed by a logistic regression that was fitted on simulated micrographs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import expit

from smartscope.analysis.base import FloatArray, UnusableImage
from smartscope.analysis.picking.picks import Picks

TOGETHER_WITHIN: Final = 0.3
_STEEPEST: Final = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Cliques:
    """`centres_px` (n, 2), the mean of those who saw it; `sureness` (n, pickers) 0-1, not a number
    where that picker saw nothing.
    """

    centres_px: FloatArray
    sureness: FloatArray

    def features(self) -> FloatArray:
        """(n, 2 pickers): who saw it, then how surely, 0 where not."""
        seen = np.isfinite(self.sureness)
        return np.concatenate([seen.astype(float), np.where(seen, self.sureness, 0.0)], axis=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Of presence and of sureness per picker, by its name; picked from `threshold` on."""

    presence: Mapping[str, float]
    sureness: Mapping[str, float]
    offset: float
    threshold: float


def consensus(answers: Mapping[str, Picks], *, diameter_px: float) -> Picks:
    """One answer from those of several pickers, by name; scores are probabilities.

    Raises `UnusableImage` for a picker that no weight was fitted for.
    """
    weights = shipped_weights()
    unknown = sorted(set(answers) - set(weights.presence))
    if unknown:
        raise UnusableImage(
            f"No weight was fitted for {unknown[0]}; leave it out of the consensus, or fit anew."
        )
    names = list(answers)
    found = cliques([answers[name] for name in names], diameter_px=diameter_px)
    each = [weights.presence[name] for name in names] + [weights.sureness[name] for name in names]
    scores = expit(found.features() @ np.array(each) + weights.offset)
    order = np.argsort(-scores, kind="stable")
    first = next(iter(answers.values()))
    sure = bool((scores >= weights.threshold).any())
    return Picks(
        centres_px=found.centres_px[order],
        scores=scores[order],
        threshold=weights.threshold,
        diameter_angstrom=first.diameter_angstrom,
        reason="" if sure else "The pickers together are sure of nothing here.",
    )


def relative_sureness(picks: Picks) -> FloatArray:
    """(n,) 0 to 1: how far a score lies above or below the picker's own threshold, ½ at it.

    Its unit is the deviation of all scores, so that pickers with different scales can be weighed.
    """
    spread = float(picks.scores.std()) if len(picks.scores) > 1 else 0.0
    apart = picks.scores - picks.threshold
    return np.asarray(expit(np.clip(apart / max(spread, 1e-6), -_STEEPEST, _STEEPEST)))


def cliques(answers: Sequence[Picks], *, diameter_px: float) -> Cliques:
    """Every pick in one clique, at most one of each picker, the nearest pairs joined first."""
    places = np.concatenate([each.centres_px for each in answers])
    owner = np.repeat(np.arange(len(answers)), [len(each.scores) for each in answers])
    if not len(places):
        return Cliques(np.empty((0, 2)), np.empty((0, len(answers))))
    limit = TOGETHER_WITHIN * diameter_px
    members: dict[int, list[int]] = {index: [index] for index in range(len(places))}
    group = np.arange(len(places))
    pairs = cKDTree(places).query_pairs(limit, output_type="ndarray")
    away = np.linalg.norm(places[pairs[:, 0]] - places[pairs[:, 1]], axis=1)
    for one, other in pairs[np.argsort(away, kind="stable")].tolist():
        left, right = int(group[one]), int(group[other])
        if left == right or not _fit(places, owner, members[left], members[right], limit):
            continue
        members[left] += members.pop(right)
        group[members[left]] = left
    sure = np.concatenate([relative_sureness(each) for each in answers])
    table = np.full((len(members), len(answers)), np.nan)
    for row, joined in enumerate(members.values()):
        table[row, owner[joined]] = sure[joined]
    centres = np.array([places[joined].mean(axis=0) for joined in members.values()])
    return Cliques(centres, table)


def _fit(
    places: FloatArray, owner: np.ndarray, left: list[int], right: list[int], limit: float
) -> bool:
    """No picker twice, and all within reach of all."""
    if set(owner[left]) & set(owner[right]):
        return False
    apart = np.linalg.norm(places[left][:, None] - places[right][None, :], axis=2)
    return bool((apart <= limit).all())


@cache
def shipped_weights() -> Weights:
    """The fitted numbers with their provenance, in `consensus.toml`."""
    text = (files("smartscope.analysis.picking") / "consensus.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return Weights(
        presence=table["presence"],
        sureness=table["sureness"],
        offset=float(table["offset"]),
        threshold=float(table["threshold"]),
    )
