"""What dose does: structure fades (Grant & Grigorieff 2015), water moves (McMullan 2015)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WATER_A2_PER_DOSE = 1.1

Floats = NDArray[np.float64]


def critical_dose(k: Floats, voltage_kv: float) -> Floats:
    """Ne(k) = 0.245 k^-1.665 + 2.81 e/Å² at 300 kV; x0.8 at 200 kV and in proportion between."""
    scale = 1.0 - 0.2 * min(max((300.0 - voltage_kv) / 100.0, 0.0), 2.0)
    return scale * (0.245 * np.maximum(k, 1e-3) ** -1.665 + 2.81)


def surviving_amplitude(k: Floats, dose: Floats, voltage_kv: float) -> Floats:
    """exp(-N/2Ne) for doses (frames,) and frequencies (k,): (frames, k)."""
    result: Floats = np.exp(-dose[:, None] / (2 * critical_dose(k, voltage_kv))[None, :])
    return result


def damage_basis(amplitude: Floats, rank: int = 2) -> tuple[Floats, Floats]:
    """Splits (frames, k) into its mean over frames and `rank` further components.

    Returns coefficients (frames, 1 + rank), the first column all ones, and tables (1 + rank, k):
    so few inverse transforms serve every frame. With 2 the worst error to 50 e/Å² is about 2 %.
    """
    frames = amplitude.shape[0]
    mean = amplitude.mean(axis=0)
    rank = min(rank, frames - 1)
    u, s, vt = np.linalg.svd(amplitude - mean, full_matrices=False)
    coefficients = np.concatenate([np.ones((frames, 1)), u[:, :rank] * s[:rank]], axis=1)
    return coefficients, np.concatenate([mean[None], vt[:rank]])


def remaining_power(k: Floats, dose: float) -> Floats:
    """D(z) = 2(z - 1 + e^-z)/z², the power of moving water left after averaging `dose`; z =
    ½(2πk)²·1.1/3·dose.
    """
    z = np.maximum(0.5 * (2 * np.pi * k) ** 2 * WATER_A2_PER_DOSE / 3 * dose, 1e-6)
    # The series avoids the cancellation at small z.
    exact = 2 * (z - 1 + np.exp(-z)) / z**2
    return np.where(z < 1e-3, 1 - z / 3 + z**2 / 12, exact)


def split_power(k: Floats, dose: float, frames: int) -> tuple[Floats, Floats]:
    """Shares of power (static, dynamic) right in each frame and in the sum of all."""
    of_frame, of_all = remaining_power(k, dose / frames), remaining_power(k, dose)
    if frames == 1:
        return of_frame, np.zeros_like(of_frame)
    static = (frames * of_all - of_frame) / (frames - 1)
    return np.maximum(static, 0.0), frames * (of_frame - of_all) / (frames - 1)
