"""The spectrum beside its fit, for people to judge: the only honest proof of a CTF."""

from __future__ import annotations

from typing import Final

import numpy as np

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.ctf.estimate import CtfFit
from smartscope.analysis.ctf.fit_resolution import EquiphaseProfile
from smartscope.analysis.ctf.optics import Optics, aberration_phase, equal_phase_square
from smartscope.analysis.ctf.power_spectrum import PowerSpectrum

_COARSEST_ANGSTROM: Final = 30.0
_SHOWN_SIGMAS: Final = 2.5
_GREY: Final = 0.5


def ring_picture(
    spectrum: PowerSpectrum, fit: CtfFit, profile: EquiphaseProfile, optics: Optics
) -> FloatImage:
    """0 to 1, as large as the spectrum: the left half measured, the right half explained.

    Upper right: the measured spectrum averaged along equal phase. Lower right: the fitted |CTF|
    down to the fit resolution. Rings must run through from left to right.
    """
    side = len(spectrum.amplitude)
    middle = side // 2
    axis = (np.arange(side) - middle) * spectrum.frequency_step_per_angstrom
    kx, ky = axis[None, middle:], axis[:, None]
    square = np.maximum(kx**2 + ky**2, 1e-12)
    cos_twice, sin_twice = (kx**2 - ky**2) / square, 2 * kx * ky / square
    defocus = fit.defocus
    phase = aberration_phase(optics, defocus, square, cos_twice, sin_twice)
    alike = np.sqrt(
        np.maximum(equal_phase_square(optics, defocus, square, cos_twice, sin_twice), 0.0)
    )
    fitted = np.where(alike <= 1.0 / fit.fit_angstrom, np.abs(np.sin(phase)), _GREY)
    averaged = np.interp(alike, profile.k_per_angstrom, _levelled(profile), right=_GREY)
    right = np.concatenate([averaged[:middle], fitted[middle:]])
    inside = (square > 1.0 / _COARSEST_ANGSTROM**2) & (square < axis[-1] ** 2)
    picture = spectrum.amplitude.copy()
    picture[:, middle:] = np.where(inside, right, _GREY)
    return picture


def _levelled(profile: EquiphaseProfile) -> FloatArray:
    """The profile's swing about its mean, 0 to 1."""
    shown = profile.k_per_angstrom > 1.0 / _COARSEST_ANGSTROM
    swing = profile.amplitude - 1.0
    spread = max(float(swing[shown].std()), 1e-9) if shown.any() else 1.0
    levelled: FloatArray = np.clip(_GREY + swing / (2 * _SHOWN_SIGMAS * spread), 0.0, 1.0)
    return levelled
