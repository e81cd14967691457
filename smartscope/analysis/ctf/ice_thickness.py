"""How thick the ice is by how its rings fade, whatever its brightness.

Scattering from all depths of the ice adds up, so power = ½(1 - sinc(πλtk²)·cos 2χ) with
sinc x = sin x / x (CTFFIND5, Elferich 2024); where λtk² = 1 the rings vanish, and beyond they
return inverted. Thickness by brightness is `analysis.detection.ice`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from smartscope.analysis.base import FloatArray
from smartscope.analysis.ctf.estimate import COARSEST_ANGSTROM, FITTED_TO_ANGSTROM, CtfFit
from smartscope.analysis.ctf.optics import Defocus, Optics, aberration_phase
from smartscope.analysis.ctf.polar_spectrum import PolarSpectrum
from smartscope.analysis.ctf.ring_model import (
    Band,
    along_phase,
    band_of,
    explain,
    reweighted,
    visible,
)

THICKNESSES_NM: Final = (0.0, 400.0)
#: thinner ice has its first node beyond 3.1 Å, where nothing is seen
LEAST_SHOWN_NM: Final = 50.0
#: χ² by which a fading must be better than none before a thickness is claimed
_LEAST_GAIN: Final = 16.0
_STEP_NM: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IceThickness:
    """A thickness with its standard error; `upper_bound` when all that is known is a limit."""

    thickness_nm: float
    error_nm: float
    upper_bound: bool = False


def thickness_by_rings(spectrum: PolarSpectrum, fit: CtfFit, optics: Optics) -> IceThickness | None:
    """How thick the ice must be for its rings to fade as they do; None when nothing can be said.

    The defocus is taken from `fit`. An upper bound is given when the rings fade no sooner than a
    thin specimen's would within what is seen.
    """
    band = band_of(
        spectrum, coarsest_angstrom=COARSEST_ANGSTROM, finest_angstrom=FITTED_TO_ANGSTROM
    )
    if band is None:
        return None
    defocus = fit.defocus
    merged = along_phase(_weighed(band, optics, defocus), optics, defocus)
    round_defocus = Defocus(
        mean_angstrom=defocus.mean_angstrom, phase_shift_rad=defocus.phase_shift_rad
    )
    tried = np.arange(THICKNESSES_NM[0], THICKNESSES_NM[1] + _STEP_NM, _STEP_NM)
    gains = np.array(
        [explain(merged, _faded(merged, optics, round_defocus, t)).gain for t in tried]
    )
    return _answer(tried, gains)


def _weighed(band: Band, optics: Optics, defocus: Defocus) -> Band:
    squares = _faded(band, optics, defocus, 0.0)
    return reweighted(band, explain(band, squares).power(band, squares))


def _faded(band: Band, optics: Optics, defocus: Defocus, thickness_nm: float) -> FloatArray:
    """Ring power (rings, sectors) of ice that is `thickness_nm` thick."""
    phase = aberration_phase(optics, defocus, band.k_square, band.cos_twice, band.sin_twice)
    depth = np.sinc(optics.wavelength_angstrom * 10.0 * thickness_nm * band.k_square)
    swing = visible(band, optics, defocus)[:, None] * depth
    seen: FloatArray = 0.5 - 0.5 * swing * np.cos(2 * phase)
    return seen


def _answer(tried: FloatArray, gains: FloatArray) -> IceThickness | None:
    best = int(gains.argmax())
    likely = np.exp(0.5 * (gains - gains[best]))
    likely /= likely.sum()
    mean = float((likely * tried).sum())
    error = max(math.sqrt(float((likely * np.square(tried - mean)).sum())), 0.5 * _STEP_NM)
    if gains[best] - gains[0] >= _LEAST_GAIN and mean > LEAST_SHOWN_NM:
        return IceThickness(thickness_nm=mean, error_nm=error)
    beyond = np.flatnonzero(np.cumsum(likely) > 0.95)
    limit = float(tried[beyond[0]]) if len(beyond) else float(tried[-1])
    if limit > 0.75 * THICKNESSES_NM[1]:
        return None
    return IceThickness(thickness_nm=max(limit, LEAST_SHOWN_NM), error_nm=error, upper_bound=True)
