"""Commit the intent of a step, with every image it plans, before anything is sent.

The targets are locked and moved to `imaging` here, so a person's edit and a step never pass each
other: whoever comes second gets a Conflict and looks again.
"""

from __future__ import annotations

from uuid import UUID

from django.db.models import Max

from smartscope.domain.actor import BRIDGE
from smartscope.domain.errors import Conflict
from smartscope.domain.geometry import Point
from smartscope.domain.status import (
    GRID_ENDS,
    LIVE_RUNS,
    GridStatus,
    StepState,
    TargetStatus,
)
from smartscope.domain.steps import (
    ConfirmStage,
    ExposeGroup,
    ImageAtlas,
    ImageSquare,
    LoadGrid,
    MakeSafe,
    Step,
    kind_of,
    subject_of,
)
from smartscope.models import Grid, Group, Hole, Microscope, Run, Square, StepItem
from smartscope.models import Step as StepRow
from smartscope.operations.event_log import Told, record_event
from smartscope.operations.journal_values import OpenStep, StepPlan
from smartscope.operations.lease.fence import fenced
from smartscope.operations.lease.held import Held
from smartscope.operations.step_rows import climb_grid, move_grid, move_target, scope_of


@fenced
def begin_step(held: Held, plan: StepPlan, *, now_s: float) -> OpenStep:
    """Open the step. Raises Conflict when the run or a target moved meanwhile: decide again."""
    run = Run.objects.select_for_update(no_key=True).get(pk=plan.run)
    if run.state not in LIVE_RUNS:
        raise Conflict(f"The run is {run.state}; no step may begin.", code="run_not_live")
    _move_targets(plan.step, now_s)
    row, attempt = open_row(held, run, plan.step, plan.parameters, now_s=now_s)
    StepItem.objects.bulk_create(
        [
            StepItem(
                step=row,
                name=item.name,
                hole_id=item.hole,
                dose_e_per_angstrom2=item.dose_e_per_angstrom2,
            )
            for item in plan.items
        ]
    )
    told = Told(
        subjects=[row.pk, *([row.subject] if row.subject else [])],
        after={"kind": row.kind, "number": row.number},
        reason=_why(plan.step),
        epoch=held.epoch,
    )
    record_event("step.begun", BRIDGE, scope_of(row), told)
    return OpenStep(
        id=row.pk,
        number=row.number,
        epoch=held.epoch,
        kind=row.kind,
        attempt=attempt,
        last_error=_last_error(row),
    )


def _why(step: Step) -> str:
    """Why this target and no other, where there was a choice."""
    return step.why if isinstance(step, ImageSquare | ExposeGroup) else ""


def _last_error(row: StepRow) -> str:
    """The class of the last error that ended a step of the same name."""
    stem = row.key.rpartition("/")[0]
    failed = StepRow.objects.filter(
        run=row.run_id, key__startswith=f"{stem}/", state=StepState.FAILED
    )
    last = failed.order_by("-number").first()
    return "" if last is None else last.reason.partition(":")[0]


def open_row(
    held: Held, run: Run, step: Step, parameters: object, *, now_s: float
) -> tuple[StepRow, int]:
    """The step's row in `intent`, under its stable key; the run must be locked."""
    return insert_row(
        held,
        run,
        kind=kind_of(step),
        subject=subject_of(step),
        grid=None if isinstance(step, MakeSafe) else step.grid,
        parameters=parameters,
        now_s=now_s,
    )


def insert_row(
    held: Held,
    run: Run,
    *,
    kind: str,
    subject: UUID | None,
    grid: UUID | None,
    parameters: object,
    now_s: float,
) -> tuple[StepRow, int]:
    """Number and key follow from the rows; the attempt counts earlier steps of the same name."""
    stem = f"{kind}/{subject or '-'}"
    attempt = StepRow.objects.filter(run=run, key__startswith=f"{stem}/").count() + 1
    last = StepRow.objects.filter(run=run).aggregate(last=Max("number"))["last"] or 0
    row = StepRow.objects.create(
        run=run,
        microscope_id=held.microscope,
        number=last + 1,
        key=f"{stem}/{attempt}",
        kind=kind,
        subject=subject,
        grid_id=grid,
        epoch=held.epoch,
        parameters=parameters,
        began_at_s=now_s,
    )
    return row, attempt


def _move_targets(step: Step, now_s: float) -> None:
    match step:
        case LoadGrid():
            _begin_load(step)
        case ConfirmStage():
            _take_answer(step)
        case ImageAtlas():
            _begin_atlas(step, now_s)
        case ImageSquare():
            _begin_square(step)
        case ExposeGroup():
            _begin_group(step)
        case _:
            pass


def _begin_load(step: LoadGrid) -> None:
    grid = _grid(step.grid)
    _require_wanted(grid)
    if grid.status == GridStatus.WAITING:
        move_grid(grid, GridStatus.LOADING)


def _take_answer(step: ConfirmStage) -> None:
    """A person's answer is taken up once: what becomes of it, it is never used again."""
    grid = _grid(step.grid)
    _require_wanted(grid)
    microscope = Microscope.objects.select_for_update(no_key=True).get(sessions=grid.session_id)
    if microscope.stage_answer != (step.position or 0):
        raise Conflict("The answer on what is on the stage was changed; decide again.")
    microscope.stage_answer = None
    microscope.save(update_fields=["stage_answer", "updated_at"])


def _begin_atlas(step: ImageAtlas, now_s: float) -> None:
    grid = _grid(step.grid)
    if grid.started_at_s is None:
        grid.started_at_s = now_s
    climb_grid(grid, GridStatus.ATLAS)
    if grid.status != GridStatus.ATLAS:
        raise Conflict(f"Grid {grid.name} is {grid.status}: its atlas is not wanted any more.")


def _begin_square(step: ImageSquare) -> None:
    grid = _grid(step.grid)
    _require_wanted(grid)
    square = Square.objects.select_for_update(no_key=True).get(pk=step.square)
    _require_queued(square.slug, square.status)
    if grid.status == GridStatus.ATLAS:
        move_grid(grid, GridStatus.WORKING)
    move_target(square, TargetStatus.IMAGING)


def _begin_group(step: ExposeGroup) -> None:
    _require_wanted(_grid(step.grid))
    square = Square.objects.select_for_update(no_key=True).get(pk=step.square)
    if square.status == TargetStatus.SKIPPED:
        raise Conflict(f"{square.slug} was skipped; decide again.", code="target_moved")
    group = Group.objects.select_for_update(no_key=True).get(pk=step.group)
    _require_queued(group.slug, group.status)
    wanted = {shot.hole for shot in step.shots}
    holes = list(
        Hole.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("number")
    )
    if len(holes) != len(wanted) or any(hole.group_id != group.pk for hole in holes):
        raise Conflict(f"The holes of {group.slug} were grouped anew; decide again.")
    if Point(group.stage_x_um, group.stage_y_um) != step.centre:
        raise Conflict(f"{group.slug} stands elsewhere now; decide again.", code="target_moved")
    for hole in holes:
        _require_queued(hole.slug, hole.status)
    for hole in holes:
        move_target(hole, TargetStatus.IMAGING)
    group.defocus_um = step.defocus_um
    move_target(group, TargetStatus.IMAGING)


def _grid(grid: UUID) -> Grid:
    return Grid.objects.select_for_update(of=("self",), no_key=True).get(pk=grid)


def _require_wanted(grid: Grid) -> None:
    if grid.status in GRID_ENDS:
        raise Conflict(f"Grid {grid.name} is {grid.status}; decide again.", code="target_moved")


def _require_queued(slug: str, status: str) -> None:
    if status != TargetStatus.QUEUED:
        raise Conflict(f"{slug} is {status}, no longer queued; decide again.", code="target_moved")
