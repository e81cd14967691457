"""How the chance of a good exposure depends on the ice, learnt from exposures already judged.

A logistic curve in the logarithm of the thickness and its square: it may fall at the thin end, at
the thick one, or at both. It foretells nothing before both outcomes were seen often enough.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: judged exposures, and good as well as bad ones among them, below which no curve is drawn
LEAST_JUDGED = 20
LEAST_OF_EACH = 4

_ROUNDS = 30
_THINNEST_NM = 1.0
#: standard deviation of the normal prior on slope and bend; the level is free
_PRIOR_SD = 1.0
_LEVEL_SD = 30.0
_MOST = 30.0


@dataclass(frozen=True, slots=True)
class IceCurve:
    """log(p / (1 - p)) = level + slope·z + bend·z², z the standardised logarithm of nm."""

    middle: float
    spread: float
    level: float
    slope: float
    bend: float

    def chance(self, ice_nm: float) -> float:
        """Of a good exposure, 0 to 1."""
        z = (math.log(max(ice_nm, _THINNEST_NM)) - self.middle) / self.spread
        return _chance(self.level + self.slope * z + self.bend * z * z)


def fit_curve(judged: Sequence[tuple[float, bool]]) -> IceCurve | None:
    """The likeliest curve (a posteriori) of thicknesses (nm) and whether the exposure was good.

    None with fewer than 20 exposures, or fewer than 4 good or 4 bad ones.
    """
    good = sum(each for _, each in judged)
    if len(judged) < LEAST_JUDGED or min(good, len(judged) - good) < LEAST_OF_EACH:
        return None
    levels = [math.log(max(nm, _THINNEST_NM)) for nm, _ in judged]
    middle = math.fsum(levels) / len(levels)
    spread = math.sqrt(math.fsum((x - middle) ** 2 for x in levels) / len(levels)) or 1.0
    terms = [(1.0, (x - middle) / spread, ((x - middle) / spread) ** 2) for x in levels]
    prior = (_LEVEL_SD**-2, _PRIOR_SD**-2, _PRIOR_SD**-2)
    found = [0.0, 0.0, 0.0]
    for _ in range(_ROUNDS):
        slope = [-weight * value for weight, value in zip(prior, found, strict=True)]
        curve = [[prior[i] if i == j else 0.0 for j in range(3)] for i in range(3)]
        for row, (_, was_good) in zip(terms, judged, strict=True):
            chance = _chance(math.fsum(a * b for a, b in zip(row, found, strict=True)))
            for i in range(3):
                slope[i] += (was_good - chance) * row[i]
                for j in range(3):
                    curve[i][j] += chance * (1.0 - chance) * row[i] * row[j]
        step = _solved(curve, slope)
        found = [value + each for value, each in zip(found, step, strict=True)]
        if max(abs(each) for each in step) < 1e-6:
            break
    return IceCurve(middle, spread, *found)


def _chance(power: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(max(power, -_MOST), _MOST)))


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """x of a symmetric, positive definite 3 x 3 system, by Cramer's rule."""
    whole = _determinant(matrix)
    found = []
    for n in range(3):
        replaced = [
            [*row[:n], value, *row[n + 1 :]] for row, value in zip(matrix, right, strict=True)
        ]
        found.append(_determinant(replaced) / whole)
    return found


def _determinant(m: list[list[float]]) -> float:
    return (
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
        - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    )
