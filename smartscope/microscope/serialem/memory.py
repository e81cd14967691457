"""What must outlive this process but is known to no instrument: kept in SerialEM's own variables.

Persistent variables outlive external control and end with SerialEM; then nothing is remembered,
and whoever needs it finds it out anew.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from smartscope.microscope.serialem.link import Operation

PREFIX = "smartscope"


@dataclass(frozen=True, slots=True)
class Memory:
    """One remembered number; `name` completes the variable's name."""

    name: str

    def get(self, operation: Operation) -> float | None:
        """The number, None when nothing (or nothing sensible) is remembered (read)."""
        reply = operation.try_read("GetVariable", f"{PREFIX}{self.name}")
        return None if reply is None else _number(reply.values)

    def put(self, operation: Operation, value: float | None) -> None:
        """Remember; None forgets (absolute)."""
        text = "none" if value is None else f"{value:.6f}"
        operation.absolute("SetPersistentVar", f"{PREFIX}{self.name}", text)


def _number(values: tuple[float | str, ...]) -> float | None:
    """SerialEM keeps text; what looks like a number it gives back as one."""
    if not values:
        return None
    try:
        number = float(values[0])
    except ValueError:
        return None
    return number if math.isfinite(number) else None


#: SerialEM's defocus reading at which the specimen was last found in focus, µm
FOCUS_ZERO = Memory("FocusZero")
#: the slot whose grid is on the stage, 0 for none (before 4.3 SerialEM does not tell)
LOADED_SLOT = Memory("LoadedSlot")
#: which slots read full when that was last known: the sum of 2 to the power of slot - 1
LAY_IN_SLOTS = Memory("LayInSlots")
#: the slot whose loading was begun and not yet seen to end
LOADING_SLOT = Memory("LoadingSlot")
#: when the energy filter, the gun and the beam were last seen to, seconds since the epoch
ZERO_LOSS_AT = Memory("ZeroLossAt")
FLASHED_AT = Memory("FlashedAt")
CENTRED_AT = Memory("CentredAt")
#: after how many idle minutes SerialEM closed the valves before we asked it to, 0 for never
IDLE_MINUTES = Memory("IdleMinutes")
