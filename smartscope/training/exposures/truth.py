"""What an exposure really is, by the simulator's truth: one class, the first that holds.

The limits are assumed; an intention is never a label, only what was rendered is.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from smartscope.analysis.quality.classes import ExposureClass
from smartscope.microscope.simulator.optics.values import Recording

FOIL_SHARE = 0.12
DIRT_SHARE = 0.12
CRYSTALLINE_SHARE = 0.3
NO_ICE_NM = 5.0
THICK_NM = 100.0
#: how far the specimen moves while one frame is taken
BLURRED_ANGSTROM = 3.0
FEWEST_PARTICLES_PER_UM2 = 150.0
#: dirt thinner than this lets an image through
OPAQUE_DIRT_NM = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureTruth:
    """Numbers of one exposure; shares are of the field's area (0-1)."""

    foil_share: float
    dirt_share: float
    crystalline_share: float
    mean_ice_nm: float
    frame_travel_angstrom: float
    particles_per_um2: float

    def numbers(self) -> dict[str, float]:
        """By name, for a file."""
        return asdict(self)


def truth_of(recording: Recording) -> ExposureTruth:
    """The numbers of a simulated movie."""
    truth, movie = recording.truth, recording.movie
    pixel = movie.pixel_size_angstrom
    height, width = truth.foil.shape
    steps = np.hypot(*np.diff(truth.shifts_px, axis=0).T) * pixel
    later = steps[len(steps) // 2 :]
    inside = ((truth.particle_px >= 0) & (truth.particle_px < [width, height])).all(axis=1)
    return ExposureTruth(
        foil_share=float((truth.foil > 0.5).mean()),
        dirt_share=float((truth.dirt_nm > OPAQUE_DIRT_NM).mean()),
        crystalline_share=float(truth.crystalline.mean()),
        mean_ice_nm=truth.mean_ice_nm,
        frame_travel_angstrom=float(np.median(later)) if len(later) else 0.0,
        particles_per_um2=float(inside.sum() / (height * width * (pixel * 1e-4) ** 2)),
    )


def class_of(truth: ExposureTruth) -> ExposureClass:
    """The class that a person who saw the truth would give."""
    rules = (
        (truth.foil_share >= FOIL_SHARE, ExposureClass.FOIL),
        (truth.dirt_share >= DIRT_SHARE, ExposureClass.CONTAMINATED),
        (truth.crystalline_share >= CRYSTALLINE_SHARE, ExposureClass.CRYSTALLINE),
        (truth.mean_ice_nm < NO_ICE_NM, ExposureClass.NO_ICE),
        (truth.mean_ice_nm > THICK_NM, ExposureClass.THICK),
        (truth.frame_travel_angstrom > BLURRED_ANGSTROM, ExposureClass.BLURRED),
        (truth.particles_per_um2 < FEWEST_PARTICLES_PER_UM2, ExposureClass.NO_PARTICLES),
    )
    return next((label for holds, label in rules if holds), ExposureClass.GOOD)
