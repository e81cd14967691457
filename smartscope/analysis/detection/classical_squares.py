"""Grid squares without a network: bright openings on a mesh lattice, judged by a small
classifier.
"""

from __future__ import annotations

from importlib.resources import files

import numpy as np

from smartscope.analysis.base import FindContext, Findings, Image
from smartscope.analysis.detection.seen_squares import judged, no_squares, see_squares
from smartscope.analysis.detection.softmax import read_model
from smartscope.analysis.manifest import Manifest, read_manifest

_HERE = files("smartscope.analysis.detection")


class ClassicalSquareFinder:
    """Threshold, components, mesh lattice, logistic classes; the baseline of every comparison."""

    def __init__(self) -> None:
        self._manifest = read_manifest(_HERE / "classical_squares.toml")
        self._classes = read_model(_HERE / "square_classes.toml")

    @property
    def manifest(self) -> Manifest:
        """Name, version and the six labels."""
        return self._manifest

    def find(self, image: Image, context: FindContext) -> Findings:
        """Squares of an atlas; boxes are of whole openings, also where the image cuts them."""
        seen = see_squares(image, context)
        if seen is None:
            return no_squares(self._classes.labels, "nothing brighter than the mesh")
        vectors = np.array([item.vector() for item in seen.features])
        return judged(seen, self._classes.labels, self._classes.probabilities(vectors))
