"""Scores of detections and of labels: overlap of boxes, average precision, Cohen's kappa."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
SAME_BOX = 0.5


@dataclass(frozen=True, slots=True)
class Detections:
    """One class in one image: boxes (N, 4) with scores (N,), and the true boxes (M, 4)."""

    boxes: FloatArray
    scores: FloatArray
    true_boxes: FloatArray


def box_overlaps(one: FloatArray, other: FloatArray) -> FloatArray:
    """Intersection over union (N, M) of boxes (N, 4) and (M, 4), x0 y0 x1 y1."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    common = np.prod(np.maximum(high - low, 0.0), axis=2)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (one, other)]
    return np.asarray(common / np.maximum(areas[0][:, None] + areas[1][None] - common, 1e-12))


def average_precision(images: Sequence[Detections]) -> float:
    """AP50 of one class over images: the area under precision (made falling) against recall.

    As in PASCAL VOC since 2010: best scores first, a true box is found once, at an overlap of half
    or more. Not a number when there is no true box.
    """
    scores, hits, total = [], [], 0
    for image in images:
        total += len(image.true_boxes)
        scores.append(image.scores)
        hits.append(_hits(image))
    if total == 0:
        return float("nan")
    order = np.argsort(-np.concatenate(scores), kind="stable")
    right = np.concatenate(hits)[order]
    found = np.cumsum(right)
    precision = found / np.arange(1, len(right) + 1)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float((falling * right).sum() / total)


def kappa(one: Sequence[str], other: Sequence[str]) -> float:
    """Cohen's kappa of two namings: agreement beyond what their frequencies alone would give."""
    names = sorted({*one, *other})
    same = sum(a == b for a, b in zip(one, other, strict=True)) / len(one)
    chance = sum(
        (list(one).count(name) / len(one)) * (list(other).count(name) / len(other))
        for name in names
    )
    return 1.0 if chance == 1.0 else (same - chance) / (1.0 - chance)


def _hits(image: Detections) -> NDArray[np.bool_]:
    """(N,) True where a detection is the best-scored one of a true box."""
    hit = np.zeros(len(image.scores), dtype=np.bool_)
    if len(image.scores) == 0 or len(image.true_boxes) == 0:
        return hit
    overlaps = box_overlaps(image.boxes, image.true_boxes)
    free = np.ones(len(image.true_boxes), dtype=np.bool_)
    for number in np.argsort(-image.scores, kind="stable"):
        allowed = np.where(free, overlaps[number], 0.0)
        best = int(allowed.argmax())
        if allowed[best] >= SAME_BOX:
            hit[number], free[best] = True, False
    return hit
