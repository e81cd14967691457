"""What `ReportSlotStatus` says about a slot, in the words of either maker of autoloaders.

Thermo's reports unknown, empty or full, and perhaps a name. JEOL's reports -1 where its inventory
has no such cartridge, or six values: cartridge, station, slot, type, angle and name (SerialEM's
sources, 4.0 to 4.3); there a slot of ours is an index of that inventory.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from smartscope.microscope.serialem.link import Reply

UNKNOWN, EMPTY, FULL = -1, 0, 1
JEOL = "jeol"
_STATION, _NAME, _JEOL_VALUES = 1, 5, 6


class Station(IntEnum):
    """Where a JEOL cartridge is, as SerialEM counts."""

    UNKNOWN = 0
    MAGAZINE = 1
    STORAGE = 2
    STAGE = 3


_STATUS = {
    Station.UNKNOWN: UNKNOWN,
    Station.MAGAZINE: FULL,
    Station.STORAGE: FULL,
    Station.STAGE: EMPTY,
}


@dataclass(frozen=True, slots=True)
class Cartridge:
    """A slot: UNKNOWN, EMPTY or FULL; `on_stage` where the loader itself tells."""

    status: int
    name: str = ""
    on_stage: bool = False

    @property
    def occupied(self) -> bool | None:
        """None while nobody has looked."""
        return None if self.status == UNKNOWN else self.status == FULL


def cartridge(reply: Reply, loader: str) -> Cartridge:
    """A slot as reported. Raises ProtocolError."""
    if loader == JEOL:
        return _jeol(reply)
    status = reply.whole(low=UNKNOWN, high=FULL)
    named = len(reply.values) > 1 and isinstance(reply.values[1], str)
    return Cartridge(status, reply.text(1) if named else "")


def _jeol(reply: Reply) -> Cartridge:
    if len(reply.values) < _JEOL_VALUES and reply.whole(low=UNKNOWN, high=UNKNOWN) == UNKNOWN:
        return Cartridge(UNKNOWN)
    station = Station(reply.whole(_STATION, low=Station.UNKNOWN, high=Station.STAGE))
    return Cartridge(_STATUS[station], reply.text(_NAME), station is Station.STAGE)
