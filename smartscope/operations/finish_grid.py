"""A grid has nothing left to image: it is done, and a protocol that asks for it pauses here."""

from __future__ import annotations

from uuid import UUID

from smartscope.domain.actor import BRIDGE
from smartscope.domain.errors import Conflict
from smartscope.domain.status import GRID_ENDS, GridStatus, StepState, TargetStatus
from smartscope.domain.steps import FinishGrid
from smartscope.models import Atlas, Grid, Group, Run, Square, Wish
from smartscope.operations.begin_step import open_row
from smartscope.operations.event_log import Told, record_event
from smartscope.operations.lease.fence import fenced
from smartscope.operations.lease.held import Held
from smartscope.operations.step_rows import climb_grid, move_grid, move_step, scope_of

#: how the reason ends of a pause that the protocol asked for
PLANNED_PAUSE = "the protocol pauses between grids"


@fenced
def finish_grid(held: Held, run_id: UUID, step: FinishGrid, *, now_s: float) -> None:
    """Journaled like every step, though nothing moves. Raises Conflict when it had ended."""
    run = Run.objects.select_for_update(no_key=True).get(pk=run_id)
    grid = Grid.objects.select_for_update(of=("self",), no_key=True).get(pk=step.grid)
    if grid.status in GRID_ENDS:
        raise Conflict(f"Grid {grid.name} is {grid.status} already; decide again.")
    if _queued_meanwhile(grid):
        raise Conflict(f"Something was queued on grid {grid.name} meanwhile; decide again.")
    row, _ = open_row(held, run, step, {"reason": step.reason}, now_s=now_s)
    grid.ended_at_s = now_s
    if Atlas.objects.filter(grid=grid).exists():
        climb_grid(grid, GridStatus.ATLAS)
        move_grid(grid, GridStatus.DONE, reason=step.reason)
    else:
        move_grid(grid, GridStatus.FAILED, reason=step.reason)
    move_step(row, StepState.DONE, now_s=now_s)
    if grid.pause_between_grids and _more_to_come(grid):
        run.wish, run.wished_by = Wish.PAUSE, None
        run.state_reason = f"grid {grid.name} is finished; {PLANNED_PAUSE}"
        run.save(update_fields=["wish", "wished_by", "state_reason", "updated_at"])
    told = Told(
        subjects=[grid.pk, row.pk],
        after={"status": grid.status},
        reason=step.reason,
        epoch=held.epoch,
    )
    record_event("grid.finished", BRIDGE, scope_of(row), told)


def _queued_meanwhile(grid: Grid) -> bool:
    """Whether a person queued a target after the picture that the decision was taken from."""
    if grid.status in (GridStatus.WAITING, GridStatus.LOADING, GridStatus.LOADED):
        return False
    ordered = {"queued_by_person": True, "status": TargetStatus.QUEUED}
    if Square.objects.filter(grid=grid, **ordered).exists():
        return True
    groups = Group.objects.filter(square__grid=grid, **ordered)
    waiting = groups.filter(holes__status=TargetStatus.QUEUED)
    return waiting.exclude(square__status=TargetStatus.SKIPPED).exists()


def _more_to_come(grid: Grid) -> bool:
    others = Grid.objects.filter(session_id=grid.session_id).exclude(pk=grid.pk)
    return others.exclude(status__in=sorted(GRID_ENDS)).exists()
