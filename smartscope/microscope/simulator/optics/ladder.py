"""Recommended settings of the imaging ladder for the small cameras; any other numbers work too."""

from __future__ import annotations

from dataclasses import dataclass

from smartscope.microscope.simulator.optics.profiles import MINI, MINI_WIDE, CameraProfile
from smartscope.microscope.simulator.optics.values import ExposureConditions, Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One magnification: camera, pixel on the specimen, dose on the detector, defocus."""

    level: Level
    camera: CameraProfile
    pixel_size_um: float
    dose_e_per_px: float
    defocus_um: float

    @property
    def dose_e_per_a2(self) -> float:
        """Dose at the specimen; doses are stored so and never twice."""
        return self.dose_e_per_px / (self.pixel_size_um * 1e4) ** 2

    def conditions(self) -> ExposureConditions:
        """Conditions for `Camera.expose` at this rung."""
        return ExposureConditions(
            level=self.level, dose_e_per_a2=self.dose_e_per_a2, defocus_um=self.defocus_um
        )


# A tile of 720x512 at 0.52 µm: 3x3 with 10 % overlap cover 1048 x 746 µm, 28 % of the grid disc,
# and a 400-mesh opening (37 µm) is 71 px wide.
MINI_LADDER = {
    rung.level: rung
    for rung in (
        Rung(
            level=Level.ATLAS, camera=MINI_WIDE, pixel_size_um=0.52, dose_e_per_px=100, defocus_um=0
        ),
        Rung(level=Level.SQUARE, camera=MINI, pixel_size_um=0.08, dose_e_per_px=60, defocus_um=0),
        Rung(level=Level.HOLE, camera=MINI, pixel_size_um=0.007, dose_e_per_px=60, defocus_um=80),
        Rung(level=Level.FOCUS, camera=MINI, pixel_size_um=0.0003, dose_e_per_px=9, defocus_um=1.5),
    )
}
# Coarse, as screening is: a frame of so few pixels must still hold ice and molecules enough to fit.
MINI_RECORD_PIXEL_ANGSTROM = 1.6
