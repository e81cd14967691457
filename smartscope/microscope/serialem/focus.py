"""Our defocus counts from the focus found last, SerialEM's from a zero of its own: the bridge.

Ours is underfocus positive, SerialEM's negative: reading = zero - defocus. The zero is what an
autofocus found; before the first it is the calibrated eucentric focus. View and Search have
offsets of their own, so the lens is only touched in the Record area.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from smartscope.microscope.errors import CommandRefused
from smartscope.microscope.serialem import memory
from smartscope.microscope.serialem.link import Operation

DEFOCUS_LIMIT_UM = 500.0


@dataclass(slots=True)
class Focus:
    """`commanded_um` is what the Record area has, or will have once it is entered."""

    commanded_um: float = 0.0
    _zero_um: float | None = field(default=None)
    _pending: bool = field(default=False)

    def recall(self, op: Operation) -> None:
        """Take what an earlier process of ours found on this SerialEM (read)."""
        self._zero_um = memory.FOCUS_ZERO.get(op)

    def found(self, op: Operation, zero_um: float) -> float:
        """An autofocus found focus at this reading; how far it moved from what was known (µm)."""
        moved_um = 0.0 if self._zero_um is None else zero_um - self._zero_um
        self._zero_um = zero_um
        self._pending = True
        memory.FOCUS_ZERO.put(op, zero_um)
        return moved_um

    def command(self, defocus_um: float) -> None:
        """Ask for a defocus; `apply` sets it. Raises CommandRefused when it cannot be meant."""
        require_defocus(defocus_um)
        self.commanded_um = defocus_um
        self._pending = True

    def apply(self, op: Operation) -> None:
        """Set what was asked for, in the Record area (absolute).

        Raises CommandRefused when no focus is known at all.
        """
        if not self._pending:
            return
        if self._zero_um is None:
            self._zero_um = _eucentric_um(op)
        op.absolute("SetDefocus", self._zero_um - self.commanded_um)
        self._pending = False


def require_defocus(defocus_um: float) -> None:
    """Raise CommandRefused for one that cannot be meant."""
    if not math.isfinite(defocus_um) or abs(defocus_um) > DEFOCUS_LIMIT_UM:
        raise CommandRefused(f"A defocus of {defocus_um} µm is out of range; nothing changed.")


def _eucentric_um(op: Operation) -> float:
    """The reading at the calibrated eucentric focus."""
    advice = "Focus is not known: let the microscope autofocus first, or calibrate it in SerialEM."
    if op.absolute("SetEucentricFocus", 1.0).number() != 0.0:
        raise CommandRefused(f"There is no calibrated eucentric focus. {advice}")
    return op.read("ReportDefocus").number()
