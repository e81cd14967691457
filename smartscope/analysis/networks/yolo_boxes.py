"""Boxes as YOLO's exported graph gives them, for a picture of any size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.networks.network import Network

SIDE_PX = 1280
OVERLAP_PX = 80
SCORE_ABOVE = 0.25
SAME_BOX_OVERLAP = 0.3
#: holes are round; what is longer than this is something else
LONGEST_SHAPE = 1.25
#: as the training set names them
HOLE, CONTAMINANT = 0, 1


@dataclass(frozen=True, slots=True)
class Boxes:
    """Middles (N, 2) x, y, sides (N, 2), scores (N,) 0-1 and classes (N,), strongest first."""

    middles_px: FloatArray
    sides_px: FloatArray
    scores: FloatArray
    classes: FloatArray

    def of_class(self, number: int) -> Boxes:
        """Only the boxes of one class."""
        return self._kept(self.classes == number)

    def round_ones(self) -> Boxes:
        """Only the boxes about as wide as they are high."""
        wide, high = np.maximum(self.sides_px, 1e-6).T
        return self._kept(np.maximum(wide / high, high / wide) <= LONGEST_SHAPE)

    def _kept(self, mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Boxes:
        return Boxes(
            self.middles_px[mask], self.sides_px[mask], self.scores[mask], self.classes[mask]
        )


def find_boxes(network: Network, grey: FloatImage) -> Boxes:
    """Boxes in `grey` (height, width; 0 dark, 1 bright), seen in tiles of 1280 px that overlap."""
    parts = []
    for top in _starts(grey.shape[0]):
        for left in _starts(grey.shape[1]):
            tile = np.zeros((SIDE_PX, SIDE_PX), dtype=np.float32)
            piece = grey[top : top + SIDE_PX, left : left + SIDE_PX]
            tile[: piece.shape[0], : piece.shape[1]] = np.clip(piece, 0.0, 1.0)
            raw = network.run(np.broadcast_to(tile, (1, 3, SIDE_PX, SIDE_PX)))[0][0].T
            rows = raw[raw[:, 4:].max(axis=1) > SCORE_ABOVE].astype(np.float64)
            rows[:, :2] += (left, top)
            parts.append(rows)
    rows = np.concatenate(parts)
    boxes = Boxes(rows[:, :2], rows[:, 2:4], rows[:, 4:].max(axis=1), rows[:, 4:].argmax(axis=1))
    return _without_doubles(boxes)


def _starts(side: int) -> range:
    return range(0, max(1, side - OVERLAP_PX), SIDE_PX - OVERLAP_PX)


def _without_doubles(boxes: Boxes) -> Boxes:
    """Greedy: a box that overlaps a stronger one of its class by more than 0.3 of their union is
    dropped; dirt on a hole is two things.
    """
    order = np.lexsort((boxes.middles_px[:, 0], boxes.middles_px[:, 1], -boxes.scores))
    low, high = (boxes.middles_px + sign * boxes.sides_px / 2 for sign in (-1, 1))
    area = boxes.sides_px.prod(axis=1)
    kept: list[int] = []
    for number in order:
        shared = np.minimum(high[number], high[kept]) - np.maximum(low[number], low[kept])
        overlap = np.clip(shared, 0, None).prod(axis=1)
        union = area[number] + area[kept] - overlap
        same = boxes.classes[kept] == boxes.classes[number]
        if not (same & (overlap > SAME_BOX_OVERLAP * union)).any():
            kept.append(int(number))
    return Boxes(
        boxes.middles_px[kept], boxes.sides_px[kept], boxes.scores[kept], boxes.classes[kept]
    )
