"""Motion that differs over the field of view: a polynomial in space times a few curves in time.

After MotionCor2 (Zheng et al. 2017), with all products of the six spatial and three temporal terms
free, as in RELION's Bayesian polishing's predecessor (Zivanov et al. 2019): up to 18 numbers an
axis. It holds no data and fits nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from smartscope.analysis.base import FloatArray

#: the dose over which the burst at the beginning dies away, e/Å²
BURST_DOSE_E_PER_A2: Final = 4.0


class TimeBasis(StrEnum):
    """Even motion of some bends, or a burst that dies away and then drift."""

    POWERS = "powers"
    BURST = "burst"


class SpaceBasis(StrEnum):
    """How motion differs over the field: as a tilting plane, or as a bending sheet."""

    LINEAR = "linear"
    QUADRATIC = "quadratic"


@dataclass(frozen=True, slots=True, eq=False)
class LocalMotion:
    """What is to be added to the whole-frame shift at a place of the frame.

    `coefficients` is (spatial terms, temporal terms, 2), Å, x and y; at every place the mean over
    frames is 0. `dose_e_per_a2` (frames,) is the dose at the middle of each frame.
    """

    coefficients: FloatArray
    space: SpaceBasis
    time: TimeBasis
    dose_e_per_a2: FloatArray

    def shifts_angstrom(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """(frames, places, 2) at `x`, `y` (places,), -1 to 1 from edge to edge of the frame."""
        space = spatial_terms(self.space, np.ravel(x), np.ravel(y))
        time = temporal_terms(self.time, self.dose_e_per_a2)
        return np.asarray(np.einsum("fq,np,pqc->fnc", time, space, self.coefficients))


def spatial_terms(basis: SpaceBasis, x: FloatArray, y: FloatArray) -> FloatArray:
    """(places, terms): 1, x, y, and x², y², xy for the quadratic basis."""
    terms = [np.ones_like(x), x, y]
    if basis is SpaceBasis.QUADRATIC:
        terms += [x**2, y**2, x * y]
    return np.stack(terms, axis=-1)


def temporal_terms(basis: TimeBasis, dose_e_per_a2: FloatArray) -> FloatArray:
    """(frames, 3), each of mean 0 over the frames and of size about 1."""
    end = max(float(dose_e_per_a2[-1]), 1e-9)
    t = dose_e_per_a2 / end
    if basis is TimeBasis.BURST:
        terms = np.stack([1.0 - np.exp(-dose_e_per_a2 / BURST_DOSE_E_PER_A2), t, t**2], axis=1)
    else:
        terms = np.stack([t, t**2, t**3], axis=1)
    centred: FloatArray = terms - terms.mean(axis=0)
    return centred
