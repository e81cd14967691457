"""The plainest classes of squares: fixed limits of area and grey, as people set them by hand."""

from __future__ import annotations

import numpy as np

from smartscope.analysis.base import FindContext, Findings, Image
from smartscope.analysis.detection.seen_squares import judged, no_squares, see_squares
from smartscope.analysis.detection.square_features import SquareFeatures
from smartscope.analysis.manifest import Manifest

LABELS = ("good", "small", "contaminated", "cracked", "partial", "dry")
IN_VIEW = 0.7
OPEN = 0.45
BRIGHT = 0.9
DARK = 0.06
TORN = 0.005


class LimitSquareFinder:
    """Squares as the classical finder sees them, each named by the first limit it breaks."""

    manifest = Manifest(
        name="limits",
        kind="finder",
        version="1",
        level="atlas",
        licence="BSD-3-Clause",
        declared_duration_s=0.0,
    )

    def find(self, image: Image, context: FindContext) -> Findings:
        """Probabilities are 1 for the class named and 0 for the others."""
        seen = see_squares(image, context)
        if seen is None:
            return no_squares(LABELS, "nothing brighter than the mesh")
        named = [LABELS.index(name_by_limits(features)) for features in seen.features]
        return judged(seen, LABELS, np.eye(len(LABELS))[named])


def name_by_limits(square: SquareFeatures) -> str:
    """The class of one square: out of view, too narrow, bright all over, dark or bright in part."""
    if square.inside < IN_VIEW:
        return "partial"
    if square.fill < OPEN:
        return "small"
    if square.vacuum > BRIGHT:
        return "dry"
    if square.specks + square.opaque > DARK:
        return "contaminated"
    return "cracked" if square.vacuum > TORN else "good"
