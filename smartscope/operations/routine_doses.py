"""Beam without a file: written down before a routine sends it, counted when it has ended."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from smartscope.domain.actor import BRIDGE
from smartscope.domain.geometry import Point
from smartscope.domain.routines import Routine
from smartscope.models import RoutineDose, Step
from smartscope.operations.event_log import Told, record_event
from smartscope.operations.lease.fence import fenced
from smartscope.operations.lease.held import Held
from smartscope.operations.step_rows import lock_open_step, scope_of


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRoutine:
    """At most `images` of that dose each (e/Å²), `beside_um` from `at`; None: nobody says where."""

    routine: Routine
    area: str
    images: int
    dose_e_per_angstrom2: float
    beside_um: float | None
    at: Point


@fenced
def begin_routine(held: Held, step: UUID, new: NewRoutine, *, now_s: float) -> None:
    """From now on its beam may have come, whatever happens to this process."""
    row = lock_open_step(held, step)
    RoutineDose.objects.create(
        step=row,
        routine=new.routine,
        area=new.area,
        images=new.images,
        dose_e_per_angstrom2=new.dose_e_per_angstrom2,
        beside_um=new.beside_um,
        stage_x_um=new.at.x_um,
        stage_y_um=new.at.y_um,
        issued_at_s=now_s,
    )
    _tell(held, row, "routine.issued", new.routine, new.images)


@fenced
def end_routine(held: Held, step: UUID, *, images: int | None, now_s: float) -> None:
    """The routine that was begun last has ended; unknown `images` stay the most it may take."""
    row = lock_open_step(held, step)
    begun = RoutineDose.objects.filter(step=row, ended_at_s=None).order_by("-created_at")
    dose = begun.select_for_update(no_key=True).first()
    if dose is None:
        return
    dose.ended_at_s = now_s
    if images is not None:
        dose.images = images
    dose.save(update_fields=["ended_at_s", "images", "updated_at"])
    _tell(held, row, "routine.ended", Routine(dose.routine), dose.images)


def _tell(held: Held, row: Step, kind: str, routine: Routine, images: int) -> None:
    told = Told(
        subjects=[row.pk], after={"routine": str(routine), "images": images}, epoch=held.epoch
    )
    record_event(kind, BRIDGE, scope_of(row), told)
