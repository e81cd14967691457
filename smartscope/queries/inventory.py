"""The cassette as the bridge last read it, for whoever plans a session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from smartscope.models import Microscope, MicroscopeGrant
from smartscope.queries.visible import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """`occupied` is None where nobody looked; names are for those who drive the microscope."""

    slot: int
    occupied: bool | None
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """`read_at` is None before a bridge has ever read it."""

    slots: tuple[Slot, ...]
    loaded_position: int | None
    read_at: datetime | None


def inventory(microscope: Microscope, reader: Reader) -> Inventory:
    """Occupancy is everybody's; a slot's name may tell another group's sample."""
    named = reader.sees_everything or (
        MicroscopeGrant.objects.filter(user=reader.user_id, microscope=microscope).exists()
    )
    known = {one["slot"]: one for one in microscope.inventory or []}
    count = max([microscope.loader_slots, *known])
    return Inventory(
        slots=tuple(
            Slot(
                slot=number,
                occupied=known.get(number, {}).get("occupied"),
                name=known.get(number, {}).get("name", "") if named else "",
            )
            for number in range(1, count + 1)
        ),
        loaded_position=microscope.loaded_position,
        read_at=microscope.inventory_at,
    )
