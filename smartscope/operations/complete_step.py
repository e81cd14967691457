"""Close a step whose procedure came to its end, or was stopped between two commands."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.utils import timezone

from smartscope.domain.actor import BRIDGE
from smartscope.domain.status import GridStatus, StepState
from smartscope.models import Microscope, Run, Step
from smartscope.operations.event_log import Told, record_event
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


@fenced
def complete_step(
    held: Held,
    step: UUID,
    *,
    now_s: float,
    stopped: str = "",
    measured: Mapping[str, float | str] | None = None,
) -> StepState:
    """How the step ended: done, or abandoned when it was `stopped` before anything was sent.

    `measured` is kept with the step's parameters.
    """
    row = lock_open_step(held, step)
    if measured:
        row.parameters = {**row.parameters, "measured": dict(measured)}
        row.save(update_fields=["parameters"])
    if not stopped:
        _arrive(row, now_s)
    # whoever stops a procedure does so between two of its commands
    settled = settle_items(row, now_s=now_s, in_flight=False)
    row.reason = stopped[:300]
    nothing_sent = bool(stopped) and row.state == StepState.INTENT
    move_step(row, StepState.ABANDONED if nothing_sent else StepState.DONE, now_s=now_s)
    if settled.done or not stopped:
        Run.objects.filter(pk=row.run_id, failures_in_a_row__gt=0).update(failures_in_a_row=0)
    told = Told(
        subjects=[row.pk, *([row.subject] if row.subject else [])],
        after={"state": row.state, "done": settled.done, "lost": settled.lost},
        reason=stopped,
        epoch=held.epoch,
    )
    record_event(f"step.{row.state}", BRIDGE, scope_of(row), told)
    return StepState(row.state)


def _arrive(row: Step, now_s: float) -> None:
    """A grid that was to be loaded is on the stage now."""
    if row.kind != "load_grid":
        return
    grid = lock_grid(row)
    if grid.started_at_s is None:
        grid.started_at_s = now_s
        grid.save(update_fields=["started_at_s", "updated_at"])
    climb_grid(grid, GridStatus.LOADED)
    Microscope.objects.filter(pk=row.microscope_id).update(
        loaded_position=grid.position, updated_at=timezone.now()
    )
