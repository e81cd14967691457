"""Finds motion that differs over the field of view, and claims it only where unseen data agree.

No patch is tracked by itself: the few coefficients of the polynomial climb the agreement of all
patches together, each patch's groups compared with the sum of its others. Both time bases and two
spatial ones are fitted to one half of the coefficients of the spectra and judged on the other; the
best is taken when it beats whole-frame motion there, patch by patch.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.movies.local_field import (
    LocalMotion,
    SpaceBasis,
    TimeBasis,
    spatial_terms,
    temporal_terms,
)
from smartscope.analysis.movies.patches import Patches

#: mean gain of a patch over its standard error, in the half that was not fitted
CLEAR_T: Final = 3.0
_PATCHES_PER_TERM: Final = 1.5
_B_SQUARE_ANGSTROM: Final = 100.0
_ROUNDS: Final = 5
_LONGEST_STEP_ANGSTROM: Final = 1.0
_SETTLED_ANGSTROM: Final = 0.02
# A foil edge or a lump of ice correlates better than everything else: it may weigh so much more.
_HEAVIEST: Final = 3.0
_RIDGE: Final = 1e-3

Complex = NDArray[np.complex64]


@dataclass(frozen=True, slots=True, eq=False)
class _Slopes:
    """Of each patch's agreement: value (patches,), and by group its first and second derivative."""

    value: FloatArray
    gradient: FloatArray
    hessian: FloatArray


def find_local_motion(
    patches: Patches, *, group_dose_e_per_a2: FloatArray, frame_dose_e_per_a2: FloatArray
) -> LocalMotion | None:
    """The local motion that unseen data confirm best; None when none is confirmed.

    Doses are at the middle of each group (groups,) and frame (frames,).
    """
    halves = patches.half(0), patches.half(1)
    weights = [half.weights(_B_SQUARE_ANGSTROM) for half in halves]
    rest = [
        _slopes(half, w, np.zeros((len(half.x), len(half.cut_angstrom), 2))).value
        for half, w in zip(halves, weights, strict=True)
    ]
    best: tuple[float, SpaceBasis, TimeBasis] | None = None
    for space, time in product(SpaceBasis, TimeBasis):
        basis = _design(patches, space, time, group_dose_e_per_a2)
        if len(patches.x) < _PATCHES_PER_TERM * basis[0].shape[1]:
            continue
        found = [_climb(half, w, basis) for half, w in zip(halves, weights, strict=True)]
        gains = [
            _slopes(half, w, _positions(basis, other)).value - still
            for half, w, other, still in zip(halves, weights, found[::-1], rest, strict=True)
        ]
        gain = float(np.sum(gains))
        if _is_clear(gains[0] + gains[1]) and (best is None or gain > best[0]):
            best = gain, space, time
    if best is None:
        return None
    _, space, time = best
    basis = _design(patches, space, time, group_dose_e_per_a2)
    coefficients = _climb(patches, patches.weights(_B_SQUARE_ANGSTROM), basis)
    return LocalMotion(
        _for_frames(coefficients, time, group_dose_e_per_a2, frame_dose_e_per_a2),
        space,
        time,
        frame_dose_e_per_a2,
    )


_Basis = tuple[FloatArray, FloatArray]


def _design(patches: Patches, space: SpaceBasis, time: TimeBasis, group_dose: FloatArray) -> _Basis:
    return spatial_terms(space, patches.x, patches.y), temporal_terms(time, group_dose)


def _for_frames(
    coefficients: FloatArray, time: TimeBasis, group_dose: FloatArray, frame_dose: FloatArray
) -> FloatArray:
    """The same curves sampled at frames: t is a part of the last dose, which is a little later."""
    scale = frame_dose[-1] / group_dose[-1]
    powers = np.array([1.0, 2.0, 3.0]) if time is TimeBasis.POWERS else np.array([0.0, 1.0, 2.0])
    scaled: FloatArray = coefficients * (scale**powers)[None, :, None]
    return scaled


def _is_clear(gains: FloatArray) -> bool:
    error = float(gains.std(ddof=1)) / np.sqrt(len(gains))
    return bool(float(gains.mean()) > CLEAR_T * error)


def _positions(basis: _Basis, coefficients: FloatArray) -> FloatArray:
    """(patches, groups, 2): the local motion, which is what following whole frames has left."""
    space, time = basis
    return np.asarray(np.einsum("np,gq,pqc->ngc", space, time, coefficients))


def _climb(patches: Patches, weights: FloatImage, basis: _Basis) -> FloatArray:
    """Newton's method on all coefficients (spatial terms, temporal terms, 2), from rest."""
    space, time = basis
    terms = space.shape[1] * time.shape[1]
    coefficients = np.zeros((space.shape[1], time.shape[1], 2))
    # (patches, groups, terms): how each coefficient moves each group of each patch
    move = np.einsum("np,gq->ngpq", space, time).reshape(len(space), len(time), terms)
    for _ in range(_ROUNDS):
        slopes = _slopes(patches, weights, _positions(basis, coefficients))
        share = _shares(slopes.hessian)
        gradient = np.einsum("n,ngc,ngt->tc", share, slopes.gradient, move).reshape(-1)
        curve = np.einsum("n,ngcd,ngt,ngu->tcud", share, -slopes.hessian, move, move, optimize=True)
        system = curve.reshape(2 * terms, 2 * terms)
        step = _uphill(system, gradient).reshape(terms, 2)
        farthest = float(np.abs(np.einsum("ngt,tc->ngc", move, step)).max())
        step *= min(1.0, _LONGEST_STEP_ANGSTROM / max(farthest, 1e-12))
        coefficients += step.reshape(coefficients.shape)
        if farthest < _SETTLED_ANGSTROM:
            break
    return coefficients


def _uphill(system: FloatArray, gradient: FloatArray) -> FloatArray:
    """Newton's step with curvatures raised to a small positive one, so that it goes uphill."""
    values, vectors = np.linalg.eigh(system)
    raised = np.maximum(values, max(_RIDGE * float(values[-1]), 1e-30))
    step: FloatArray = vectors @ ((vectors.T @ gradient) / raised)
    return step


def _shares(hessian: FloatArray) -> FloatArray:
    """What each patch may weigh (patches,): its own curvature, but not far above the others'."""
    strength = np.maximum(-np.trace(hessian, axis1=2, axis2=3).sum(axis=1), 0.0)
    most = _HEAVIEST * float(np.median(strength))
    return np.where(strength > 0.0, np.minimum(1.0, most / np.maximum(strength, 1e-30)), 0.0)


def _slopes(patches: Patches, weights: FloatImage, positions: FloatArray) -> _Slopes:
    """Agreement ½ Σ W (|Σ F|² - Σ |F|²) of each patch, the standing pattern taken away."""
    value = np.empty(len(positions))
    gradient, hessian = np.empty((*positions.shape, 1)), np.empty((*positions.shape, 2))
    gradient = gradient[..., 0]
    for number, (values, place) in enumerate(zip(patches.values, positions, strict=True)):
        waves = _waves(patches, place)
        moved = values * waves
        others = moved.sum(axis=0) - moved
        cross = others.conj() * moved
        if patches.pattern_power > 0.0:
            still = _waves(patches, place + patches.cut_angstrom)
            cross -= np.float32(patches.pattern_power) * (still.sum(axis=0) - still).conj() * still
        cross *= weights
        value[number], gradient[number], hessian[number] = _derivatives(cross, patches)
    return _Slopes(value, gradient, hessian)


def _derivatives(cross: Complex, patches: Patches) -> tuple[float, FloatArray, FloatArray]:
    """Half the sum of Re cross, and per group the slope and curvature when that group moves."""
    powers = [np.stack([k**0, k, k**2]).astype(np.float32) for k in (patches.ky, patches.kx)]
    table = powers[0] @ cross @ powers[1].T
    turn = 2.0 * np.pi
    gradient = -turn * np.stack([table[:, 0, 1].imag, table[:, 1, 0].imag], axis=1)
    xx, yy, xy = table[:, 0, 2].real, table[:, 2, 0].real, table[:, 1, 1].real
    hessian = -(turn**2) * np.stack([np.stack([xx, xy], 1), np.stack([xy, yy], 1)], axis=1)
    return 0.5 * float(table[:, 0, 0].real.sum()), gradient, hessian


def _waves(patches: Patches, positions: FloatArray) -> Complex:
    """exp(2πi k·d) of each group (groups, ky, kx): undoes its shift."""
    vertical = np.exp(2j * np.pi * positions[:, 1, None] * patches.ky)
    horizontal = np.exp(2j * np.pi * positions[:, 0, None] * patches.kx)
    waves: Complex = (
        vertical.astype(np.complex64)[:, :, None] * horizontal.astype(np.complex64)[:, None, :]
    )
    return waves
