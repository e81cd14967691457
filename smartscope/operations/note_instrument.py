"""What the bridge last read from its microscope, for people to see; nothing decides by it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from smartscope.models import Microscope
from smartscope.operations.lease.fence import fenced
from smartscope.operations.lease.held import Held

CRYOGENICS = (
    "vacuum_ready",
    "dewars_filling",
    "next_filling_at_s",
    "stage_temperature_k",
    "autoloader_temperature_k",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentNote:
    """One reading: stage µm and degrees, times on the microscope's clock.

    `valves_open` is None where they read neither open nor closed; temperatures in kelvin, and when
    the dewars are filled next, are None where the instrument does not tell them.
    """

    state: str
    state_reason: str = ""
    clock_s: float
    loaded_position: int | None
    stage_doubt: str
    stage_x_um: float
    stage_y_um: float
    stage_z_um: float
    tilt_deg: float
    valves_open: bool | None
    zero_loss_at_s: float | None
    vacuum_ready: bool
    dewars_filling: bool
    next_filling_at_s: float | None
    stage_temperature_k: float | None
    autoloader_temperature_k: float | None


@fenced
def note_instrument(held: Held, note: InstrumentNote) -> None:
    """No event: a reading changes nothing but what is shown."""
    row = Microscope.objects.select_for_update(no_key=True).get(pk=held.microscope)
    now = timezone.now()
    if row.state != note.state:
        row.state_since = now
    row.state, row.state_reason = note.state, note.state_reason[:300]
    row.clock_s, row.seen_at = note.clock_s, now
    row.loaded_position = note.loaded_position
    row.stage_doubt = note.stage_doubt[:300]
    if not note.stage_doubt:
        # an answer is to this doubt, and to no later one
        row.stage_answer = None
    row.stage_x_um, row.stage_y_um = note.stage_x_um, note.stage_y_um
    row.stage_z_um, row.tilt_deg = note.stage_z_um, note.tilt_deg
    row.valves_open, row.zero_loss_at_s = note.valves_open, note.zero_loss_at_s
    for name in CRYOGENICS:
        setattr(row, name, getattr(note, name))
    row.save(
        update_fields=[
            "state",
            "state_reason",
            "state_since",
            "clock_s",
            "seen_at",
            "loaded_position",
            "stage_doubt",
            "stage_answer",
            "stage_x_um",
            "stage_y_um",
            "stage_z_um",
            "tilt_deg",
            "valves_open",
            "zero_loss_at_s",
            *CRYOGENICS,
            "updated_at",
        ]
    )
