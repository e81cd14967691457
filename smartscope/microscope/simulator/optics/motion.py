"""How the specimen moves under the beam: a burst, a slow drift, jitter, and bending that varies
over the field.

All numbers are assumed, in the range that motion-correction papers report.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartscope.microscope.simulator.optics.values import RecordSettings
from smartscope.microscope.simulator.specimen.hashing import Channel, normal, uniform

BURST_DOSE = 3.5
BURST_ANGSTROM = 4.0
LOCAL_ANGSTROM = 1.2
JITTER_ANGSTROM = 0.04
GOLD_SHARE = 0.3
GRID = 16

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Motion:
    """Displacements in Å: `whole` (frames, 2) at mid-frame, `within` (frames, 2) travelled during a
    frame, `local` (2, 5) polynomial in x, y, xy, x², y² (from -1 to 1) times `amount` (frames,)."""

    whole: Floats
    within: Floats
    local: Floats
    amount: Floats

    def local_at(self, x: Floats, y: Floats) -> Floats:
        """(frames, ..., 2): local displacement at relative places in [-1, 1]."""
        terms = np.stack([x, y, x * y, x * x, y * y], axis=-1)
        return self.amount.reshape(-1, *([1] * terms.ndim)) * (terms @ self.local.T)


def specimen_motion(settings: RecordSettings, exposure_key: int, *, gold: bool) -> Motion:
    """The motion of one exposure; another repeat moves otherwise."""
    seed = exposure_key >> 1
    draw = uniform(seed, Channel.MOTION, 0, 0, np.arange(8))
    bell = normal(seed, Channel.MOTION, 1, 0, np.arange(16))
    share = GOLD_SHARE if gold else 1.0
    burst = BURST_ANGSTROM * math.exp(0.4 * min(max(bell[0], -2.0), 2.0)) * share
    direction = 2 * math.pi * draw[0]
    drift_direction = direction + 0.6 * (draw[1] - 0.5)
    drift = (0.02 + 0.08 * draw[2]) * share
    frame_dose = settings.dose_e_per_a2 / settings.frames

    def whole(frame: Floats) -> Floats:
        dose, time = frame * frame_dose, frame * settings.exposure_s / settings.frames
        sudden = burst * (1 - np.exp(-dose / BURST_DOSE))
        return np.stack(
            [
                sudden * math.cos(direction)
                + drift * dose * math.cos(drift_direction)
                + settings.drift_angstrom_per_s[0] * time,
                sudden * math.sin(direction)
                + drift * dose * math.sin(drift_direction)
                + settings.drift_angstrom_per_s[1] * time,
            ],
            axis=-1,
        )

    frames = np.arange(settings.frames, dtype=float)
    jitter = JITTER_ANGSTROM * normal(
        seed, Channel.MOTION, 2, frames.astype(np.int64)[:, None], np.arange(2)
    )
    middle_dose = (frames + 0.5) * frame_dose
    amount = 0.7 * (1 - np.exp(-middle_dose / BURST_DOSE)) + 0.3 * middle_dose / max(
        settings.dose_e_per_a2, 1e-6
    )
    return Motion(
        whole(frames + 0.5) + np.cumsum(jitter, axis=0),
        whole(frames + 1.0) - whole(frames),
        LOCAL_ANGSTROM / math.sqrt(5.0) * share * bell[1:11].reshape(2, 5),
        amount,
    )
