"""How the beam destroys detail, and how frames are weighed for it (Grant & Grigorieff 2015).

An amplitude at frequency k survives a dose N as exp(-N / 2Ne(k)); frames that have lost a detail
add only noise to it.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from smartscope.analysis.base import FloatArray
from smartscope.domain.errors import InvalidInput

# Ne(k) = a k^b + c in e/Å² at 300 kV, k in Å⁻¹ (their equation 3, rotavirus VP6).
_SCALE: Final = 0.245
_POWER: Final = -1.665
_FLOOR: Final = 2.81
_REFERENCE_KV: Final = 300.0
# At 200 kV the same dose destroys more; from memory of the same authors' program.
_AT_200_KV: Final = 0.8
#: how far the weights that are used may be from the exact ones
_WEIGHT_TOLERANCE: Final = 1e-4


def critical_dose(k_per_angstrom: FloatArray, *, voltage_kv: float) -> FloatArray:
    """Ne(k) in e/Å², the dose after which an intensity has fallen to 1/e; infinite at k = 0.

    Voltages are interpolated between 200 and 300 kV and held beyond.
    """
    with np.errstate(divide="ignore"):
        reference = _SCALE * np.power(np.asarray(k_per_angstrom, dtype=np.float64), _POWER)
    part = float(np.clip((voltage_kv - 200.0) / (_REFERENCE_KV - 200.0), 0.0, 1.0))
    result: FloatArray = (_AT_200_KV + (1.0 - _AT_200_KV) * part) * (reference + _FLOOR)
    return result


def frame_weights(
    k_per_angstrom: FloatArray,
    *,
    frames: int,
    dose_per_frame_e_per_a2: float,
    voltage_kv: float,
    dose_before_e_per_a2: float = 0.0,
) -> FloatArray:
    """(frames, len(k)): the amplitude left, averaged over each frame's dose in closed form.

    `dose_before_e_per_a2` is what the place had seen already. Raises `InvalidInput` for a dose that
    cannot be.
    """
    for name, value, least in (
        ("dose_per_frame_e_per_a2", dose_per_frame_e_per_a2, 1e-6),
        ("dose_before_e_per_a2", dose_before_e_per_a2, 0.0),
    ):
        if not (math.isfinite(value) and value >= least):
            raise InvalidInput({name: f"{value} e/Å² is no dose."})
    twice = 2.0 * critical_dose(k_per_angstrom, voltage_kv=voltage_kv)
    start = dose_before_e_per_a2 + dose_per_frame_e_per_a2 * np.arange(frames)[:, None]
    lost = dose_per_frame_e_per_a2 / twice
    # (1 - exp(-x)) / x, which is 1 where nothing is lost
    within = np.where(lost > 0.0, -np.expm1(-lost) / np.maximum(lost, 1e-300), 1.0)
    weights: FloatArray = np.exp(-start / twice) * within
    return weights


def few_products(weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(frames, n) and (n, |k|) with the fewest n whose product is `weights` to 1e-4.

    Weights are nearly a few curves in time, each times one in |k|: sums over frames may be taken
    before any of them is transformed.
    """
    left, sizes, right = np.linalg.svd(weights, full_matrices=False)
    left *= sizes
    for count in range(1, len(sizes) + 1):
        if np.abs(left[:, :count] @ right[:count] - weights).max() <= _WEIGHT_TOLERANCE:
            break
    return left[:, :count], right[:count]
