"""What the bridge last read of the cassette, for people who plan; nothing decides by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from smartscope.models import Microscope
from smartscope.operations.lease.fence import fenced
from smartscope.operations.lease.held import Held


@dataclass(frozen=True, slots=True)
class SlotNote:
    """One slot; `occupied` is None where it was not looked at."""

    slot: int
    occupied: bool | None
    name: str


@fenced
def note_inventory(held: Held, slots: Sequence[SlotNote]) -> None:
    """No event: a reading changes nothing but what is shown."""
    row = Microscope.objects.select_for_update(no_key=True).get(pk=held.microscope)
    row.inventory = [
        {"slot": note.slot, "occupied": note.occupied, "name": note.name[:80]} for note in slots
    ]
    row.inventory_at = timezone.now()
    row.save(update_fields=["inventory", "inventory_at", "updated_at"])
