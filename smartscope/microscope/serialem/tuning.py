"""What SerialEM can tune where a site has calibrated it: astigmatism and coma."""

from __future__ import annotations

from dataclasses import dataclass

from smartscope.microscope.errors import ValvesClosed
from smartscope.microscope.serialem.column import valves_open
from smartscope.microscope.serialem.link import Link, Operation
from smartscope.microscope.serialem.optics import SerialEmOptics
from smartscope.microscope.values import Area


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

    def _at_record(self, name: str) -> Operation:
        op = self.link.operation(name)
        if not valves_open(op):
            raise ValvesClosed("The column valves are closed; nothing was exposed. Open them.")
        self.optics.enter(op, Area.RECORD)
        return op
