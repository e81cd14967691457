"""Labelled crops of grid squares with their features: what the small network learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from smartscope.analysis.base import FindContext, FloatArray, Image
from smartscope.analysis.detection.seen_squares import see_squares
from smartscope.analysis.detection.square_features import SquareFeatures
from smartscope.analysis.io.atomic import written_aside
from smartscope.analysis.networks.square_crops import (
    CROP_OPENINGS,
    CROP_PX,
    GREY_RANGE,
    square_crops,
)

LABELS = ("good", "small", "contaminated", "cracked", "partial", "dry")
FEATURES = tuple(field.name for field in fields(SquareFeatures))
#: Crops are kept wider than the network sees, so that they can be turned, moved and scaled.
WIDE_PX = 136
WIDE_OPENINGS = CROP_OPENINGS * WIDE_PX / CROP_PX
SAME_SQUARE_SIDES = 0.5


@dataclass(frozen=True, slots=True)
class Examples:
    """N squares: `grey` and `imaged` (N, 136, 136) uint8 (0-255), `features` (N, F) float32,
    `labels` (N,) numbers into `LABELS`.

    Grey 0-255 stands for `GREY_RANGE`; imaged is 255 where something was imaged.
    """

    grey: NDArray[np.uint8]
    imaged: NDArray[np.uint8]
    features: NDArray[np.float32]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    @classmethod
    def none(cls) -> Examples:
        """No examples, in the right shapes."""
        crops = np.empty((0, WIDE_PX, WIDE_PX), dtype=np.uint8)
        return cls(
            crops,
            crops,
            np.empty((0, len(FEATURES)), dtype=np.float32),
            np.empty(0, dtype=np.int64),
        )

    def kept(self, chosen: NDArray[np.int64]) -> Examples:
        """The examples of these numbers, in their order."""
        return Examples(
            self.grey[chosen], self.imaged[chosen], self.features[chosen], self.labels[chosen]
        )


def examples_of(
    image: Image, context: FindContext, centres_px: FloatArray, labels: Sequence[str]
) -> Examples | None:
    """What the classical search sees of an atlas whose squares are known by centre (N, 2) and
    label; `None` where it sees none of them.

    A region takes the label of the known square within half a side; others are left out.
    """
    seen = see_squares(image, context)
    if seen is None or len(centres_px) == 0:
        return None
    side_px = seen.openings.side_px * seen.factor
    found, true = one_to_one(seen.middles_px(), centres_px, SAME_SQUARE_SIDES * side_px)
    if not found:
        return None
    crops = square_crops(
        seen.grey, seen.mask, seen.openings, size_px=WIDE_PX, span_openings=WIDE_OPENINGS
    )[found]
    low, high = GREY_RANGE
    return Examples(
        grey=np.rint((crops[:, 0] - low) / (high - low) * 255).astype(np.uint8),
        imaged=np.rint(crops[:, 1] * 255).astype(np.uint8),
        features=np.array([seen.features[n].vector() for n in found], dtype=np.float32),
        labels=np.array([LABELS.index(labels[n]) for n in true], dtype=np.int64),
    )


def one_to_one(
    found: FloatArray, true: FloatArray, within_px: float
) -> tuple[list[int], list[int]]:
    """Pairs (numbers of found, of true), nearest in sum, none farther apart than `within_px`."""
    distance = cdist(found, true)
    allowed = np.where(distance <= within_px, distance, 1e6)
    rows, columns = linear_sum_assignment(allowed)
    near = allowed[rows, columns] < 1e6
    return [int(row) for row in rows[near]], [int(column) for column in columns[near]]


def joined(parts: Sequence[Examples]) -> Examples:
    """All examples of several atlases in their order."""
    return Examples(
        *(
            np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(Examples)
        )
    )


def write_examples(examples: Examples, path: Path) -> None:
    """Store examples as a compressed NumPy archive that appears whole or not at all."""
    with written_aside(path) as aside, aside.open("wb") as file:
        np.savez_compressed(
            file, **{field.name: getattr(examples, field.name) for field in fields(Examples)}
        )


def read_examples(path: Path) -> Examples:
    """Examples as `write_examples` stored them."""
    with np.load(path, allow_pickle=False) as archive:
        return Examples(*(archive[field.name] for field in fields(Examples)))
