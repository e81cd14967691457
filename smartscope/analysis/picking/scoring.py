"""How good picks are: the one rule by which every picker is judged here.

A border of half a diameter and masked zones are dropped from both sets; a pair is closer than half
a diameter and belongs to one assignment; whatever stays without a partner is false or missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from smartscope.analysis.base import BoolArray, FloatArray
from smartscope.analysis.picking.matching import assigned, hits_in_order
from smartscope.analysis.picking.picks import Picks

PAIRED_WITHIN: Final = 0.5
CENTRED_WITHIN: Final = 0.2
RESAMPLED: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """What is true of one image (height, width).

    `centres_px` (n, 2) as x, y. What lies within half a diameter of `unsure_px` (m, 2) and hits
    nothing is neither right nor wrong; `masked` is True where nothing counts.
    """

    centres_px: FloatArray
    diameter_px: float
    shape: tuple[int, int]
    unsure_px: FloatArray | None = None
    masked: BoolArray | None = None

    def counts(self, places_px: FloatArray) -> BoolArray:
        """(n,) False for places (n, 2) near the border or under the mask."""
        border, (height, width) = self.diameter_px / 2.0, self.shape
        x, y = places_px[:, 0], places_px[:, 1]
        across = (x >= border) & (x <= width - 1 - border)
        inside: BoolArray = np.asarray(
            across & (y >= border) & (y <= height - 1 - border), dtype=np.bool_
        )
        if self.masked is not None:
            rows = np.clip(np.rint(y), 0, height - 1).astype(np.intp)
            columns = np.clip(np.rint(x), 0, width - 1).astype(np.intp)
            inside &= ~self.masked[rows, columns]
        return inside


@dataclass(frozen=True, slots=True, eq=False)
class ImageScore:
    """What one image contributes: counts at the threshold, and every pick in order of score.

    `offsets` are the distances of pairs in diameters; `scores` and `hits` are (n,), best first.
    """

    places: int
    picked: int
    paired: int
    centred: int
    offsets: FloatArray
    scores: FloatArray
    hits: BoolArray


@dataclass(frozen=True, slots=True, kw_only=True)
class PickingScore:
    """Shares 0-1 over several images; `f1_low` to `f1_high` is 95 % of bootstraps over images."""

    precision: float
    recall: float
    f1: float
    f1_low: float
    f1_high: float
    f1_centred: float
    average_precision: float
    median_offset: float


def score_image(picks: Picks, truth: Truth) -> ImageScore:
    """One image by the rule."""
    wanted = truth.centres_px[truth.counts(truth.centres_px)]
    inside = truth.counts(picks.centres_px)
    limit = PAIRED_WITHIN * truth.diameter_px
    inside[inside] &= _decided(picks.centres_px[inside], wanted, truth, limit)
    centres, scores = picks.centres_px[inside], picks.scores[inside]
    sure = scores >= picks.threshold
    offsets = assigned(centres[sure], wanted, limit)[2] / truth.diameter_px
    centred = assigned(centres[sure], wanted, CENTRED_WITHIN * truth.diameter_px)[2]
    ordered, hits = hits_in_order(centres, scores, wanted, limit)
    return ImageScore(
        len(wanted), int(sure.sum()), len(offsets), len(centred), offsets, ordered, hits
    )


def score_set(images: Sequence[ImageScore], *, seed: int = 0) -> PickingScore:
    """Several images together; counts are summed, so an image counts by its particles."""
    counts = np.array([(each.places, each.picked, each.paired) for each in images], dtype=float)
    places, picked, paired = counts.sum(axis=0)
    random = np.random.default_rng(seed)
    drawn = counts[random.integers(0, len(counts), (RESAMPLED, len(counts)))].sum(axis=1)
    low, high = np.percentile(f1_of(drawn[:, 0], drawn[:, 1], drawn[:, 2]), [2.5, 97.5])
    offsets = np.concatenate([each.offsets for each in images])
    return PickingScore(
        precision=float(paired / picked) if picked else 0.0,
        recall=float(paired / places) if places else 0.0,
        f1=float(f1_of(places, picked, paired)),
        f1_low=float(low),
        f1_high=float(high),
        f1_centred=float(f1_of(places, picked, sum(each.centred for each in images))),
        average_precision=_average_precision(images),
        median_offset=float(np.median(offsets)) if offsets.size else float("nan"),
    )


def f1_of(
    places: FloatArray | float, picked: FloatArray | float, paired: FloatArray | float
) -> FloatArray:
    """2 paired / (places + picked): the harmonic mean of precision and recall; 0 without either."""
    return np.asarray(2.0 * np.asarray(paired) / np.maximum(np.add(places, picked), 1.0))


def _average_precision(images: Sequence[ImageScore]) -> float:
    """Mean over all places of the precision at the score that finds each; missed ones give 0."""
    places = sum(each.places for each in images)
    scores = np.concatenate([each.scores for each in images])
    hits = np.concatenate([each.hits for each in images])[np.argsort(-scores, kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, hits.size + 1)
    return float(precision[hits].sum() / places) if places else 0.0


def _decided(
    centres_px: FloatArray, wanted_px: FloatArray, truth: Truth, limit_px: float
) -> BoolArray:
    """False for a pick near an unsure place that has no true one in reach."""
    if truth.unsure_px is None or not len(truth.unsure_px) or not len(centres_px):
        return np.ones(len(centres_px), dtype=np.bool_)
    decided = _away(centres_px, truth.unsure_px) >= limit_px
    if len(wanted_px):
        decided |= _away(centres_px, wanted_px) < limit_px
    return np.asarray(decided, dtype=np.bool_)


def _away(centres_px: FloatArray, others_px: FloatArray) -> FloatArray:
    """How far each is from the nearest other."""
    return np.asarray(cKDTree(others_px).query(centres_px)[0], dtype=np.float64)
