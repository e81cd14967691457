"""A detector's boxes as findings: sorted, in the image, with the mesh as the threshold saw it."""

from __future__ import annotations

import numpy as np

from smartscope.analysis.base import Findings, FloatArray, Image, Lattice
from smartscope.analysis.detection.lattice import enlarged
from smartscope.analysis.detection.seen_squares import SeenSquares, missing_nodes, no_squares


def boxes_as_findings(
    image: Image,
    labels: tuple[str, ...],
    boxes: FloatArray,
    scores: FloatArray,
    probabilities: FloatArray,
    seen: SeenSquares | None,
) -> Findings:
    """Findings of boxes (N, 4) in image pixels with scores (N,) and probabilities (N, L).

    Boxes that do not touch the image are left out. Areas are the boxes' parts in the image.
    """
    height, width = image.pixels.shape
    begins, ends = boxes[:, :2] < [width - 1, height - 1], boxes[:, 2:] > 0
    touching = np.asarray((begins & ends).all(axis=1))
    if not touching.any():
        return no_squares(labels, "the detector saw no square")
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    order = np.lexsort((middles[:, 0], middles[:, 1]))
    order = order[touching[order]]
    boxes, middles = boxes[order], middles[order]
    sides = (boxes[:, 2:] - boxes[:, :2]).mean(axis=1)
    said = probabilities[order]
    lattice, missing = _mesh(seen)
    return Findings(
        positions_px=middles,
        boxes_px=boxes,
        radii_px=sides / 2,
        scores=scores[order],
        probabilities=said / said.sum(axis=1, keepdims=True),
        labels=labels,
        predicted=np.zeros(len(boxes), dtype=np.bool_),
        outlines_px=tuple(box[[[0, 1], [2, 1], [2, 3], [0, 3]]] for box in boxes),
        areas_px=_areas_in_image(boxes, width, height),
        lattice=lattice,
        missing_px=missing,
        diagnostics={"side_px": float(np.median(sides))},
    )


def _mesh(seen: SeenSquares | None) -> tuple[Lattice | None, FloatArray]:
    """The mesh lattice and its empty nodes in image pixels."""
    if seen is None or seen.openings.lattice is None:
        return None, np.empty((0, 2))
    return enlarged(seen.openings.lattice, seen.factor), missing_nodes(seen)


def _areas_in_image(boxes: FloatArray, width: int, height: int) -> FloatArray:
    low = np.maximum(boxes[:, :2], -0.5)
    high = np.minimum(boxes[:, 2:], [width - 0.5, height - 0.5])
    return np.asarray(np.prod(np.maximum(high - low, 0.0), axis=1))
