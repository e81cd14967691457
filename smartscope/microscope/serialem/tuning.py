"""What SerialEM can tune where a site has calibrated it: astigmatism, coma, the dark reference."""

from __future__ import annotations

import math
from dataclasses import dataclass

from smartscope.microscope.errors import BadArgument, ValvesClosed
from smartscope.microscope.serialem.column import valves_open
from smartscope.microscope.serialem.link import Link, Operation
from smartscope.microscope.serialem.optics import SerialEmOptics
from smartscope.microscope.values import Area

OLDEST_DARK_H = 24.0 * 365


@dataclass(frozen=True, slots=True)
class SerialEmTuning:
    """Corrections by fits of power spectra, on carbon or a thin film at high magnification."""

    link: Link
    optics: SerialEmOptics

    def correct_astigmatism(self) -> None:
        """FixAstigmatismByCTF in the Record area."""
        op = self._at_record("correct_astigmatism")
        op.dose("FixAstigmatismByCTF")

    def correct_coma(self) -> None:
        """FixComaByCTF in the Record area."""
        op = self._at_record("correct_coma")
        op.dose("FixComaByCTF")

    def update_dark_reference(self, *, max_age_h: float) -> None:
        """Ask the camera for a new dark reference when its last is older than `max_age_h`."""
        if not (math.isfinite(max_age_h) and 0.0 <= max_age_h <= OLDEST_DARK_H):
            raise BadArgument(
                f"A dark reference cannot be {max_age_h} hours old; give 0 to a year."
            )
        self.link.operation("update_dark_reference").long("UpdateHWDarkRef", max_age_h)

    def _at_record(self, name: str) -> Operation:
        op = self.link.operation(name)
        if not valves_open(op):
            raise ValvesClosed("The column valves are closed; nothing was exposed. Open them.")
        self.optics.enter(op, Area.RECORD)
        return op
