"""How each picture of a tilt series looks at the specimen.

A point x, y, z of the specimen (pixels from the volume's middle, z along the untilted beam) appears
at c + shift + scale · R(axis) · (x cos α + z sin α, y), where c is the picture's middle
((width - 1) / 2, (height - 1) / 2) and R turns x towards y. Which sign of z faces the source no
picture tells: a hand is known from the stage or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from smartscope.analysis.base import FloatArray, IntArray
from smartscope.domain.errors import InvalidInput

FEWEST_TILTS: Final = 3
STEEPEST_DEG: Final = 85.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TiltGeometry:
    """One entry per tilt (n,); `shifts_px` (n, 2) are x, y of the pictures as they were taken.

    `axis_deg` is how far the tilt axis is turned from the picture's y axis. `dose_before_e_per_a2`
    is what the place had seen before each tilt, None where nobody wrote it down. `sections` (n,)
    number the frames of the stack that each entry belongs to. Raises `InvalidInput` for lengths
    that differ, fewer than three tilts, and angles that no stage reaches.
    """

    angles_deg: FloatArray
    axis_deg: FloatArray
    shifts_px: FloatArray
    scale: FloatArray
    sections: IntArray
    dose_before_e_per_a2: FloatArray | None = None
    dose_e_per_a2: float | None = None

    def __post_init__(self) -> None:
        count = len(self.angles_deg)
        if count < FEWEST_TILTS:
            raise InvalidInput(
                {"angles_deg": f"{count} tilts make no volume; give at least {FEWEST_TILTS}."}
            )
        for name in ("axis_deg", "shifts_px", "scale", "sections", "dose_before_e_per_a2"):
            values = getattr(self, name)
            if values is not None and len(values) != count:
                raise InvalidInput(
                    {name: f"There are {len(values)} of them for {count} angles; they must agree."}
                )
        for name in ("angles_deg", "axis_deg", "shifts_px", "scale"):
            if not np.isfinite(getattr(self, name)).all():
                raise InvalidInput({name: "Some are not finite numbers; check the file."})
        if np.abs(self.angles_deg).max() > STEEPEST_DEG:
            worst = self.angles_deg[int(np.abs(self.angles_deg).argmax())]
            raise InvalidInput(
                {"angles_deg": f"{worst:g}° is no tilt of a stage; angles are in degrees."}
            )
        if len(np.unique(np.round(self.angles_deg, 3))) < FEWEST_TILTS:
            raise InvalidInput(
                {"angles_deg": "All tilts have nearly the same angle; give each its own."}
            )

    @classmethod
    def of_angles(cls, angles_deg: FloatArray, *, axis_deg: float = 0.0) -> TiltGeometry:
        """Untouched: no shift, no scale, one axis."""
        angles = np.asarray(angles_deg, dtype=np.float64).ravel()
        return cls(
            angles_deg=angles,
            axis_deg=np.full(len(angles), axis_deg),
            shifts_px=np.zeros((len(angles), 2)),
            scale=np.ones(len(angles)),
            sections=np.arange(len(angles)),
        )

    def __len__(self) -> int:
        return len(self.angles_deg)

    def only(self, chosen: IntArray) -> TiltGeometry:
        """The tilts numbered by `chosen`, in its order."""
        dose = self.dose_before_e_per_a2
        return replace(
            self,
            angles_deg=self.angles_deg[chosen],
            axis_deg=self.axis_deg[chosen],
            shifts_px=self.shifts_px[chosen],
            scale=self.scale[chosen],
            sections=self.sections[chosen],
            dose_before_e_per_a2=None if dose is None else dose[chosen],
        )

    def binned(self, factor: float) -> TiltGeometry:
        """For pictures whose pixels are `factor` times as large."""
        return replace(self, shifts_px=self.shifts_px / factor)

    def checked_for(self, pictures: int) -> TiltGeometry:
        """This geometry, for a stack of so many pictures; raises `InvalidInput` otherwise."""
        if len(self.sections) and int(self.sections.max()) >= pictures:
            raise InvalidInput(
                {
                    "angles_deg": f"The angles name picture {int(self.sections.max()) + 1}, but "
                    f"the stack holds {pictures}; give the series and its own angle file."
                }
            )
        return self


def steps_are_even(angles_deg: FloatArray) -> bool:
    """True when neighbouring angles are about equally far apart."""
    steps = np.diff(np.sort(angles_deg))
    steps = steps[steps > 0.01]
    return bool(len(steps)) and float(steps.max()) <= 1.5 * float(np.median(steps))
