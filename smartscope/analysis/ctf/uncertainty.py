"""How far a fitted defocus may be off.

Near the summit the covariance is H⁻¹ G H⁻¹ (Huber 1967), with H the curvature and G the scatter of
the slopes over the bins: it needs no belief in the assumed variance of power. Faint rings leave
several summits, which no curvature tells: the wider surroundings are sampled too, and the larger
answer counts.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from smartscope.analysis.base import FloatArray
from smartscope.analysis.ctf.optics import Defocus, Optics, aberration_phase
from smartscope.analysis.ctf.ring_model import explain, transfer_square, visible
from smartscope.analysis.ctf.search import Trial, trial_of

_NEIGHBOURS: Final = 3
_SAMPLES: Final = 256
_SAMPLED_SIGMAS: Final = (1.0, 2.0, 4.0, 8.0)


def covariance(trial: Trial, optics: Optics, *, phase_is_known: bool) -> FloatArray:
    """Of mean, cos and sin part of the defocus (Å²) and, when searched, the phase shift (rad).

    (3, 3) or (4, 4). Background and envelope are uncertain too and are part of it.
    """
    narrow = _at_the_summit(trial, optics, phase_is_known=phase_is_known)
    wide = _around(trial, optics, narrow)
    return wide if wide[0, 0] > narrow[0, 0] else narrow


def _around(trial: Trial, optics: Optics, narrow: FloatArray) -> FloatArray:
    """Second moments about the fit, by importance sampling of exp(χ² gain / 2)."""
    count = len(narrow)
    root = np.linalg.cholesky(narrow + 1e-12 * np.trace(narrow) * np.eye(count))
    unit = np.random.default_rng(0).standard_normal((_SAMPLES, count))
    scale = np.repeat(_SAMPLED_SIGMAS, _SAMPLES // len(_SAMPLED_SIGMAS))[:, None]
    steps = (unit * scale) @ root.T
    size = np.square(unit * scale).sum(axis=1)
    density = np.mean([np.exp(-0.5 * size / s**2) / s**count for s in _SAMPLED_SIGMAS], axis=0)
    height = np.array([_gain_at(trial, optics, step) for step in steps])
    weight = np.exp(0.5 * (height - height.max())) / density
    weight /= weight.sum()
    moments: FloatArray = (steps * weight[:, None]).T @ steps
    return moments


def _gain_at(trial: Trial, optics: Optics, step: FloatArray) -> float:
    start = trial.defocus
    moved = Defocus(
        mean_angstrom=start.mean_angstrom + step[0],
        cos_angstrom=start.cos_angstrom + step[1],
        sin_angstrom=start.sin_angstrom + step[2],
        phase_shift_rad=start.phase_shift_rad + (step[3] if len(step) == 4 else 0.0),
    )
    return trial_of(trial.band, optics, moved).explained.gain


def _at_the_summit(trial: Trial, optics: Optics, *, phase_is_known: bool) -> FloatArray:
    """H⁻¹ G H⁻¹."""
    band, defocus = trial.band, trial.defocus
    squares = transfer_square(band, optics, defocus)
    explained = explain(band, squares)
    phase = aberration_phase(optics, defocus, band.k_square, band.cos_twice, band.sin_twice)
    swing = visible(band, optics, defocus) * (band.basis @ explained.envelope)
    slope = swing[:, None] * np.sin(2 * phase)
    by_defocus = slope * (math.pi * optics.wavelength_angstrom) * band.k_square
    slopes = [by_defocus, by_defocus * band.cos_twice, by_defocus * band.sin_twice]
    if not phase_is_known:
        slopes.append(slope)
    wanted = len(slopes)
    for column, kept in zip(band.basis.T, explained.background > 0.0, strict=True):
        if kept:
            slopes.append(np.broadcast_to(column[:, None], slope.shape))
    for column, kept in zip(band.basis.T, explained.envelope > 0.0, strict=True):
        if kept:
            slopes.append(column[:, None] * squares)
    design = np.stack(slopes, axis=-1)
    residual = band.power - explained.power(band, squares)
    curvature = np.einsum("rsi,rs,rsj->ij", design, band.weights, design, optimize=True)
    score = design * (band.weights * residual)[..., None]
    # A tile's edge ties neighbouring rings together: their slopes are added before squaring.
    rings = len(score) // _NEIGHBOURS * _NEIGHBOURS
    together = score[:rings].reshape(-1, _NEIGHBOURS, *score.shape[1:]).sum(axis=1)
    scatter = np.einsum("rsi,rsj->ij", together, together, optimize=True)
    inverse = np.linalg.pinv(curvature, rcond=1e-12, hermitian=True)
    spread: FloatArray = (inverse @ scatter @ inverse)[:wanted, :wanted]
    return spread
