"""What judges an exposure, and what it answers: a class, how sure, and why in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import Plugin
from smartscope.analysis.quality.classes import ExposureClass
from smartscope.analysis.quality.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The class of one exposure.

    `probabilities` are of the eight classes and sum to 1; `probability` is that of `label`, for
    `unknown` the likeliest class's. `novelty` is how unlike everything learnt it is, 1 at the limit
    beyond which nothing is claimed; None where it was not judged. `reasons` are short phrases.
    """

    label: ExposureClass
    probability: float
    probabilities: Mapping[ExposureClass, float]
    novelty: float | None
    reasons: tuple[str, ...]


@runtime_checkable
class QualityAssessor(Plugin, Protocol):
    """Says what an exposure shows."""

    def assess(
        self, total: NDArray[np.generic], context: Context, *, pixel_size_angstrom: float
    ) -> Quality:
        """`total` (height, width) is the aligned sum, unweighted.

        Raises `UnusableImage`, with a sentence for people, where nothing can be judged.
        """
        ...
