"""Resolve a step whose process died, or whose command never answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from smartscope.domain.actor import BRIDGE
from smartscope.domain.status import OPEN_STEPS, GridStatus, ItemState, StepState
from smartscope.models import Step
from smartscope.operations.event_log import Told, record_event
from smartscope.operations.fail_step import skip_group
from smartscope.operations.lease.fence import fenced
from smartscope.operations.lease.held import Held
from smartscope.operations.settle_step import settle_items
from smartscope.operations.step_rows import (
    climb_grid,
    lock_grid,
    lock_open_step,
    move_step,
    scope_of,
)

#: a group in which the process died so often is left alone: each visit costs it the view's dose
MOST_ATTEMPTS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedItem:
    """An image that may exist: its name, its hole, when it was issued and with what dose."""

    name: str
    hole: UUID | None
    issued_at_s: float
    dose_e_per_angstrom2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPicture:
    """The one open step of a microscope, as recovery needs it."""

    id: UUID
    run: UUID
    number: int
    epoch: int
    kind: str
    state: StepState
    grid: UUID | None
    session_name: str
    grid_slug: str
    grid_position: int | None
    parameters: dict[str, Any]
    issued_at_s: float | None
    issued: tuple[IssuedItem, ...]


def open_step(microscope: UUID) -> OpenPicture | None:
    """The open step with its issued items; None when nothing is open."""
    row = (
        Step.objects.filter(microscope_id=microscope, state__in=OPEN_STEPS)
        .select_related("run__session", "grid")
        .first()
    )
    if row is None:
        return None
    issued = row.items.filter(state=ItemState.ISSUED).order_by("issued_at_s", "name")
    return OpenPicture(
        id=row.pk,
        run=row.run_id,
        number=row.number,
        epoch=row.epoch,
        kind=row.kind,
        state=StepState(row.state),
        grid=row.grid_id,
        session_name=row.run.session.name,
        grid_slug=row.grid.slug if row.grid else "",
        grid_position=row.grid.position if row.grid else None,
        parameters=dict(row.parameters),
        issued_at_s=row.issued_at_s,
        issued=tuple(
            IssuedItem(
                name=item.name,
                hole=item.hole_id,
                issued_at_s=item.issued_at_s or 0.0,
                dose_e_per_angstrom2=item.dose_e_per_angstrom2,
            )
            for item in issued
        ),
    )


@fenced
def mark_unknown(held: Held, step: UUID, *, reason: str, now_s: float) -> None:
    """The outcome of what was issued is open; the step stays open and blocks the microscope."""
    row = lock_open_step(held, step)
    row.reason = reason[:300]
    move_step(row, StepState.UNKNOWN, now_s=now_s)
    told = Told(subjects=[row.pk], after={"state": "unknown"}, reason=reason, epoch=held.epoch)
    record_event("step.unknown", BRIDGE, scope_of(row), told)


def _attempts(row: Step) -> int:
    stem = row.key.rpartition("/")[0]
    return Step.objects.filter(run=row.run_id, key__startswith=f"{stem}/").count()


@fenced
def recover_step(held: Held, step: UUID, *, proved: bool, now_s: float) -> StepState:
    """Close the step after every whole file was adopted; what is left of it is lost or waits again.

    `proved` says that a never-repeat command was found to have been carried out.
    """
    row = lock_open_step(held, step)
    if proved and row.kind == "load_grid" and row.grid_id:
        grid = lock_grid(row)
        climb_grid(grid, GridStatus.LOADED)
    settled = settle_items(row, now_s=now_s)
    if row.kind == "expose" and _attempts(row) >= MOST_ATTEMPTS:
        skip_group(row, "process_died")
    if row.state == StepState.INTENT:
        end = StepState.ABANDONED
    elif settled.lost or not (settled.done or proved):
        end = StepState.LOST
    else:
        end = StepState.DONE
    move_step(row, end, now_s=now_s)
    told = Told(
        subjects=[row.pk, *([row.subject] if row.subject else [])],
        after={"state": end, "done": settled.done, "lost": settled.lost},
        reason="recovered",
        epoch=held.epoch,
    )
    record_event(f"step.{end}", BRIDGE, scope_of(row), told)
    return end
