"""Fits the contrast transfer of one micrograph, with error bars, or says why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
from scipy import ndimage

from smartscope.analysis.base import FloatArray
from smartscope.analysis.ctf.fit_resolution import (
    EquiphaseProfile,
    FitLimit,
    equiphase_profile,
    fit_limit,
)
from smartscope.analysis.ctf.optics import Defocus, Optics, aberration_phase
from smartscope.analysis.ctf.polar_spectrum import TILE_ANGSTROM, PolarSpectrum
from smartscope.analysis.ctf.ring_model import Band, band_of, evidence
from smartscope.analysis.ctf.search import SearchRange, Trial, refine, search
from smartscope.analysis.ctf.uncertainty import covariance

COARSEST_ANGSTROM: Final = 30.0
#: rings are first sought where they are strong, then followed where they are telling
SEARCHED_TO_ANGSTROM: Final = 5.0
FITTED_TO_ANGSTROM: Final = 3.0
#: noise alone reaches about 30, the faintest rings seen on simulated ice 76
LEAST_EVIDENCE: Final = 40.0

_BINS_PER_RING: Final = 8.0
_RINGS_TO_ANGSTROM: Final = 4.0
_LARGEST_TILE_ANGSTROM: Final = 3000.0
_SEARCHED_ASTIGMATISM: Final = 0.45


class Source(StrEnum):
    """Which spectrum a fit was made to."""

    SUM = "sum"
    GROUPS = "groups"


@dataclass(frozen=True, slots=True, kw_only=True)
class CtfFit:
    """A contrast transfer, underfocus positive, with standard errors.

    `axis_deg` is the direction of u, 0 to 180°, from x towards y (down). Errors: of the mean
    defocus, of u - v along the axis, of the axis (90° when there is no astigmatism to speak of), of
    the phase shift (None when it was known). `fit_angstrom` is CTFFIND4's fit resolution, in the
    spectrum that shows it farthest; `score` is CTFFIND4's too, |CTF| against the amplitude.
    `evidence` is the χ² by which rings explain the spectrum better than a smooth curve.
    `aliased_from_angstrom`: finer rings are too narrow to be seen.
    """

    defocus_u_angstrom: float
    defocus_v_angstrom: float
    axis_deg: float
    phase_shift_deg: float
    defocus_error_angstrom: float
    astigmatism_error_angstrom: float
    axis_error_deg: float
    phase_shift_error_deg: float | None
    fit_angstrom: float
    aliased_from_angstrom: float | None
    score: float
    evidence: float
    source: Source

    @property
    def defocus_angstrom(self) -> float:
        """Mean defocus."""
        return 0.5 * (self.defocus_u_angstrom + self.defocus_v_angstrom)

    @property
    def astigmatism_angstrom(self) -> float:
        """u - v."""
        return self.defocus_u_angstrom - self.defocus_v_angstrom

    @property
    def defocus(self) -> Defocus:
        """The same as a vector."""
        return Defocus.of_axes(
            self.defocus_u_angstrom, self.defocus_v_angstrom, self.axis_deg, self.phase_shift_deg
        )


@dataclass(frozen=True, slots=True, eq=False)
class CtfResult:
    """`fit` with the equiphase profile it is seen in, or None and the `reason` in one sentence."""

    fit: CtfFit | None
    reason: str
    profile: EquiphaseProfile | None


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    trial: Trial
    spread: FloatArray
    evidence: float
    limit: FitLimit
    profile: EquiphaseProfile
    source: Source


def tile_angstrom(optics: Optics, expected_defocus_angstrom: float | None) -> float:
    """Side of a tile that shows each ring down to 4 Å in four bins; Å."""
    if expected_defocus_angstrom is None:
        return TILE_ANGSTROM
    ring = optics.wavelength_angstrom * expected_defocus_angstrom / _RINGS_TO_ANGSTROM
    return min(max(TILE_ANGSTROM, _BINS_PER_RING * ring), _LARGEST_TILE_ANGSTROM)


def fit_ctf(
    spectra: Mapping[Source, PolarSpectrum],
    *,
    optics: Optics,
    limits: SearchRange | None = None,
) -> CtfResult:
    """Fit defocus, astigmatism and, when `limits` leaves it open, the phase shift.

    Of several spectra of the same micrograph the one that fixes the defocus best is kept. A result
    without a fit says why: nothing is ever guessed.
    """
    wanted = limits or SearchRange()
    reasons: list[str] = []
    found: list[_Candidate] = []
    for source, spectrum in spectra.items():
        outcome = _candidate(spectrum, source, optics, wanted)
        if isinstance(outcome, str):
            reasons.append(outcome)
        else:
            found.append(outcome)
    if not found:
        return CtfResult(None, reasons[0] if reasons else "There is no spectrum to fit.", None)
    best = min(found, key=lambda each: float(each.spread[0, 0]))
    seen = _farthest(spectra, optics, best)
    return CtfResult(_fit(seen, optics, wanted), "", seen.profile)


def _candidate(
    spectrum: PolarSpectrum, source: Source, optics: Optics, limits: SearchRange
) -> _Candidate | str:
    """The best trial of one spectrum, or why there is none."""
    if not spectrum.power[spectrum.cells > 0.0].max(initial=0.0) > 0.0:
        return "The image is black or has one grey level: nothing came through to fit a CTF to."
    coarse = band_of(
        spectrum, coarsest_angstrom=COARSEST_ANGSTROM, finest_angstrom=SEARCHED_TO_ANGSTROM
    )
    fine = band_of(
        spectrum, coarsest_angstrom=COARSEST_ANGSTROM, finest_angstrom=FITTED_TO_ANGSTROM
    )
    if coarse is None or fine is None:
        return (
            "The pixels are too coarse or the image is too small for Thon rings: a CTF needs "
            "detail finer than 10 Å over a few hundred Å."
        )
    trial = refine(fine, optics, search(coarse, optics, limits).defocus, limits)
    strength = evidence(trial.band, optics, trial.defocus)
    if strength < LEAST_EVIDENCE:
        return (
            "No Thon rings stand out of the noise: an empty hole, ice too thick to see through, or "
            "too little dose."
        )
    refusal = _implausible(trial.defocus, limits)
    if refusal:
        return refusal
    profile = equiphase_profile(
        spectrum, optics, trial.defocus, coarsest_angstrom=COARSEST_ANGSTROM
    )
    limit = fit_limit(profile, optics, trial.defocus)
    if limit.angstrom is None:
        return (
            f"Rings were sought and best explained by {trial.defocus.mean_angstrom / 1e4:.2f} µm, "
            "but they follow it nowhere beyond the first zero; it is not claimed."
        )
    spread = covariance(trial, optics, phase_is_known=limits.phase_is_known)
    return _Candidate(trial, spread, strength, limit, profile, source)


def _farthest(
    spectra: Mapping[Source, PolarSpectrum], optics: Optics, best: _Candidate
) -> _Candidate:
    """The same fit with the limit and profile of the spectrum whose rings follow it farthest."""
    for spectrum in spectra.values():
        profile = equiphase_profile(
            spectrum, optics, best.trial.defocus, coarsest_angstrom=COARSEST_ANGSTROM
        )
        limit = fit_limit(profile, optics, best.trial.defocus)
        known = best.limit.angstrom
        if limit.angstrom is not None and (known is None or limit.angstrom < known):
            best = replace(best, limit=limit, profile=profile)
    return best


def _implausible(defocus: Defocus, limits: SearchRange) -> str:
    low, high = limits.defocus_angstrom
    if not low <= defocus.mean_angstrom <= high:
        return (
            f"The best defocus, {defocus.mean_angstrom / 1e4:.2f} µm, lies outside the searched "
            f"range of {low / 1e4:g} to {high / 1e4:g} µm; widen it if the microscope was there."
        )
    if defocus.half_astigmatism_angstrom > _SEARCHED_ASTIGMATISM * defocus.mean_angstrom:
        return (
            f"The spectrum is stronger in one direction than any lens makes it (astigmatism "
            f"{2 * defocus.half_astigmatism_angstrom / 1e4:.2f} µm): drift or a foil's edge, not "
            "a CTF."
        )
    return ""


def _fit(best: _Candidate, optics: Optics, limits: SearchRange) -> CtfFit:
    defocus, spread = best.trial.defocus, best.spread
    twice = math.radians(2 * defocus.axis_deg)
    along = np.array([math.cos(twice), math.sin(twice)])
    across = np.array([-along[1], along[0]])
    vector = spread[1:3, 1:3]
    half = max(defocus.half_astigmatism_angstrom, 1e-9)
    turn = math.degrees(0.5 * math.sqrt(float(across @ vector @ across)) / half)
    limit = best.limit.angstrom
    assert limit is not None
    return CtfFit(
        defocus_u_angstrom=defocus.u_angstrom,
        defocus_v_angstrom=defocus.v_angstrom,
        axis_deg=defocus.axis_deg,
        phase_shift_deg=math.degrees(defocus.phase_shift_rad),
        defocus_error_angstrom=math.sqrt(float(spread[0, 0])),
        astigmatism_error_angstrom=2 * math.sqrt(float(along @ vector @ along)),
        axis_error_deg=min(turn, 90.0),
        phase_shift_error_deg=(
            None if limits.phase_is_known else math.degrees(math.sqrt(float(spread[3, 3])))
        ),
        fit_angstrom=limit,
        aliased_from_angstrom=best.limit.aliased_from_angstrom,
        score=_score(best.trial.band, optics, defocus),
        evidence=best.evidence,
        source=best.source,
    )


def _score(band: Band, optics: Optics, defocus: Defocus) -> float:
    """CTFFIND4's: correlation of |CTF| with the amplitude less a box mean of about 1/30 Å⁻¹."""
    transfer = np.abs(
        np.sin(aberration_phase(optics, defocus, band.k_square, band.cos_twice, band.sin_twice))
    )
    amplitude = np.sqrt(np.maximum(band.power, 0.0))
    box = max(5, round(math.sqrt(2) / (COARSEST_ANGSTROM * band.step_per_angstrom)))
    amplitude = amplitude - ndimage.uniform_filter1d(amplitude, box, axis=0, mode="nearest")
    weight = band.cells / band.cells.sum()
    transfer = transfer - float((weight * transfer).sum())
    amplitude = amplitude - float((weight * amplitude).sum())
    size = float((weight * transfer**2).sum()) * float((weight * amplitude**2).sum())
    return float((weight * transfer * amplitude).sum()) / math.sqrt(size) if size > 0.0 else 0.0
