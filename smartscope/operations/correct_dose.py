"""The camera exposed otherwise than it was told: the journal's doses say what really came."""

from __future__ import annotations

from uuid import UUID

from smartscope.domain.actor import BRIDGE
from smartscope.domain.status import ItemState
from smartscope.operations.event_log import Told, record_event
from smartscope.operations.lease.fence import fenced
from smartscope.operations.lease.held import Held
from smartscope.operations.step_rows import lock_items, lock_open_step, scope_of


@fenced
def correct_dose(held: Held, step: UUID, *, dose_e_per_angstrom2: float) -> None:
    """Of what was issued and is not registered yet: the exposure that just ended (e/Å²)."""
    row = lock_open_step(held, step)
    issued = [item for item in lock_items(row).values() if item.state == ItemState.ISSUED]
    if not issued:
        return
    before = {item.name: item.dose_e_per_angstrom2 for item in issued}
    for item in issued:
        item.dose_e_per_angstrom2 = dose_e_per_angstrom2
        item.save(update_fields=["dose_e_per_angstrom2", "updated_at"])
    told = Told(
        subjects=[row.pk],
        before=before,
        after=dict.fromkeys(before, dose_e_per_angstrom2),
        reason="the camera exposed otherwise than it was told",
        epoch=held.epoch,
    )
    record_event("dose.corrected", BRIDGE, scope_of(row), told)
