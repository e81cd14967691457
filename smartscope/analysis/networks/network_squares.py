"""Grid squares found as the classical finder finds them and judged by a small network: a picture of
each square, turned with the mesh, beside its measured features.
"""

from __future__ import annotations

from importlib.resources import files

import numpy as np

from smartscope.analysis.base import FindContext, Findings, FloatArray, Image
from smartscope.analysis.detection.seen_squares import (
    SeenSquares,
    judged,
    no_squares,
    see_squares,
)
from smartscope.analysis.manifest import Manifest, read_manifest
from smartscope.analysis.networks.network import Trained, chosen
from smartscope.analysis.networks.square_crops import square_crops

BATCH = 64

_HERE = files("smartscope.analysis.networks")


class NetworkSquareFinder:
    """The classical search, with classes and calibrated probabilities from a trained network."""

    def __init__(self, trained: Trained | None = None) -> None:
        """With the shipped weights, or with others; raises `UnusableWeights` without any."""
        card = read_manifest(_HERE / "network_squares.toml")
        self._manifest, self._network = chosen(card, _HERE, trained)

    @property
    def manifest(self) -> Manifest:
        """Name, version, the six labels and the network's checksum."""
        return self._manifest

    def find(self, image: Image, context: FindContext) -> Findings:
        """Squares of an atlas; boxes are of whole openings, also where the image cuts them."""
        labels = self._manifest.label_keys()
        seen = see_squares(image, context)
        if seen is None:
            return no_squares(labels, "nothing brighter than the mesh")
        return judged(seen, labels, self._probabilities(seen))

    def _probabilities(self, seen: SeenSquares) -> FloatArray:
        crops = square_crops(seen.grey, seen.mask, seen.openings)
        features = np.array([item.vector() for item in seen.features], dtype=np.float32)
        parts = [
            self._network.run(crops[start : start + BATCH], features[start : start + BATCH])[0]
            for start in range(0, len(crops), BATCH)
        ]
        said = np.concatenate(parts).astype(np.float64)
        return np.asarray(said / said.sum(axis=1, keepdims=True))
