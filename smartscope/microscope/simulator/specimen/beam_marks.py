"""What earlier exposures left behind: thinner ice where the beam was, a rim of deposit round it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smartscope.microscope.simulator.specimen.values import PastExposure

# Assumed: ice thins 0.2 % per e/Å² (images brighten 0.1-0.3 %), at most by half; a ring of deposit
# 0.06 µm wide grows 0.04 nm per e/Å² at the beam's edge; residual water adds 0.1 nm an hour.
THINNING_PER_E_PER_A2 = 0.002
DEPOSIT_NM_PER_E_PER_A2 = 0.04
DEPOSIT_WIDTH_UM = 0.06
GROWTH_NM_PER_HOUR = 0.1

Floats = NDArray[np.float64]


def beam_marks(
    x_um: Floats, y_um: Floats, earlier: Sequence[PastExposure]
) -> tuple[Floats, Floats]:
    """Factor on ice thickness and deposit (ice-equivalent nm) at stage points of any shape."""
    dose = np.zeros_like(x_um)
    deposit = np.zeros_like(x_um)
    reach = max(np.ptp(x_um), np.ptp(y_um))
    middle_x, middle_y = float(x_um.mean()), float(y_um.mean())
    for exposure in earlier:
        far = np.hypot(exposure.stage_x_um - middle_x, exposure.stage_y_um - middle_y)
        if far > reach + exposure.radius_um + 4 * DEPOSIT_WIDTH_UM:
            continue
        r = np.hypot(x_um - exposure.stage_x_um, y_um - exposure.stage_y_um)
        dose += np.where(r < exposure.radius_um, exposure.dose_e_per_a2, 0.0)
        ring = np.exp(-0.5 * ((r - exposure.radius_um) / DEPOSIT_WIDTH_UM) ** 2)
        deposit += DEPOSIT_NM_PER_E_PER_A2 * exposure.dose_e_per_a2 * ring
    return np.maximum(np.exp(-THINNING_PER_E_PER_A2 * dose), 0.5), deposit
