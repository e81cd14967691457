"""Close a step that an error ended, and apply what the table of remedies says."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from smartscope.domain.actor import BRIDGE
from smartscope.domain.recovery import Remedy, Trouble, remedy_for, was_in_flight
from smartscope.domain.status import GridStatus, StepState, TargetStatus
from smartscope.models import Group, Hole, Run, Square, Step, Wish
from smartscope.operations.event_log import Told, record_event
from smartscope.operations.lease.fence import fenced
from smartscope.operations.lease.held import Held
from smartscope.operations.settle import settle_group
from smartscope.operations.settle_step import settle_items
from smartscope.operations.step_rows import (
    lock_grid,
    lock_open_step,
    move_grid,
    move_step,
    move_target,
    scope_of,
    subject_of,
)


@fenced
def fail_step(
    held: Held, step: UUID, *, error_classes: Sequence[str], message: str, now_s: float
) -> Remedy:
    """The remedy that was applied; a run paused here is made safe by the next decision.

    `error_classes` are the error's class and those it derives from, nearest first.
    """
    row = lock_open_step(held, step)
    run = Run.objects.select_for_update(no_key=True).get(pk=row.run_id)
    settle_items(row, now_s=now_s, in_flight=was_in_flight(error_classes))
    run.failures_in_a_row += 1
    remedy = remedy_for(_trouble(row, run, error_classes))
    reason = f"{error_classes[0]}: {message}"[:300]
    row.reason = reason
    move_step(row, StepState.FAILED, now_s=now_s)
    _apply(row, remedy, error_classes[0], reason)
    if remedy in (Remedy.PAUSE_FOR_PERSON, Remedy.SAFE_STOP):
        run.state_reason = reason
        if run.wish != Wish.STOP:
            run.wish, run.wished_by = Wish.PAUSE, None
    run.save(update_fields=["failures_in_a_row", "wish", "wished_by", "state_reason", "updated_at"])
    told = Told(
        subjects=[row.pk, *([row.subject] if row.subject else [])],
        after={"state": "failed", "remedy": remedy, "error": error_classes[0]},
        reason=reason,
        epoch=held.epoch,
    )
    record_event("step.failed", BRIDGE, scope_of(row), told)
    return remedy


def _trouble(row: Step, run: Run, error_classes: Sequence[str]) -> Trouble:
    failed = Step.objects.filter(run=run, state=StepState.FAILED, grid=row.grid)
    return Trouble(
        classes=error_classes,
        step_kind=row.kind,
        attempt=failed.filter(key__startswith=f"{row.key.rpartition('/')[0]}/").count() + 1,
        failures_in_a_row=run.failures_in_a_row,
        failures_on_grid=failed.count() + 1 if row.grid_id else 0,
    )


def _apply(row: Step, remedy: Remedy, code: str, reason: str) -> None:
    match remedy:
        case Remedy.SKIP_TARGET:
            skip_group(row, code)
        case Remedy.SKIP_SQUARE:
            _skip_square(row, code)
        case Remedy.SKIP_GRID:
            grid = lock_grid(row)
            move_grid(grid, GridStatus.FAILED, reason=reason)
        case _:
            pass


def skip_group(row: Step, code: str) -> None:
    """Leave the step's group and those of its holes that still wait; needs a transaction."""
    group = Group.objects.select_for_update(of=("self",), no_key=True).get(pk=subject_of(row))
    holes = Hole.objects.select_for_update(of=("self",), no_key=True).filter(group=group)
    for hole in holes.order_by("number"):
        if hole.status == TargetStatus.QUEUED:
            move_target(hole, TargetStatus.SKIPPED, reason=code)
    if group.status == TargetStatus.QUEUED:
        move_target(group, TargetStatus.SKIPPED, reason=code)
    settle_group(group)


def _skip_square(row: Step, code: str) -> None:
    of = {"square": {"pk": subject_of(row)}, "expose": {"groups__pk": subject_of(row)}}[row.kind]
    square = Square.objects.select_for_update(of=("self",), no_key=True).get(**of)
    if square.status in (TargetStatus.QUEUED, TargetStatus.IMAGED, TargetStatus.ANALYSED):
        move_target(square, TargetStatus.SKIPPED, reason=code)
