"""Anisotropic magnification: a picture stretched along one axis, and what undoes it.

A lens system may magnify a percent more along one axis (Zhao et al. 2015): positions relate by
r_true = M r_observed, M = R(θ) diag(1 + ε/2, 1 - ε/2) R(-θ).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from smartscope.analysis.base import FloatArray
from smartscope.domain.errors import InvalidInput

MOST_RATIO: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Magnification:
    """`ratio` is ε, dimensionless; `angle_deg` is θ, 0 to 180, from x towards y (down).

    The picture is to be stretched along θ and compressed across it, each by half of ε.
    """

    ratio: float
    angle_deg: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.angle_deg) and 0.0 <= self.ratio <= MOST_RATIO):
            raise InvalidInput(
                {
                    "magnification": f"A distortion of {self.ratio} at {self.angle_deg}° cannot "
                    f"be; give 0 to {MOST_RATIO} and an angle."
                }
            )

    def matrix(self) -> FloatArray:
        """M (2, 2), acting on (x, y)."""
        angle = math.radians(self.angle_deg)
        cosine, sine = math.cos(2.0 * angle), math.sin(2.0 * angle)
        turned = np.array([[cosine, sine], [sine, -cosine]])
        matrix: FloatArray = np.eye(2) + 0.5 * self.ratio * turned
        return matrix
