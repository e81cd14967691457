"""Locking and moving the rows a step is about; every writer of the journal goes through here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar
from uuid import UUID

from smartscope.domain.errors import Conflict
from smartscope.domain.status import (
    GRID_MOVES,
    GROUP_MOVES,
    HOLE_MOVES,
    ITEM_MOVES,
    OPEN_STEPS,
    SQUARE_MOVES,
    STEP_MOVES,
    GridStatus,
    ItemState,
    StepState,
    TargetStatus,
    moved,
)
from smartscope.models import Grid, Group, Hole, Square, Step, StepItem
from smartscope.operations.event_log import Scope
from smartscope.operations.lease.held import Held

AnyTarget = TypeVar("AnyTarget", Square, Group, Hole)

_MOVES: Mapping[type, Mapping[TargetStatus, frozenset[TargetStatus]]] = {
    Square: SQUARE_MOVES,
    Group: GROUP_MOVES,
    Hole: HOLE_MOVES,
}
#: the road of a grid that is on the stage already when its first step begins
_ROAD = (GridStatus.WAITING, GridStatus.LOADING, GridStatus.LOADED, GridStatus.ATLAS)


def lock_open_step(held: Held, step: UUID) -> Step:
    """The step's row, locked. Raises Conflict when it has ended: a closed step never reopens."""
    row = (
        Step.objects.select_for_update(of=("self",), no_key=True)
        .select_related("run__session", "grid")
        .get(pk=step)
    )
    if row.state not in OPEN_STEPS or row.microscope_id != held.microscope:
        raise Conflict(
            f"Step {row.number} is {row.state}; it never opens again.", code="step_ended"
        )
    return row


def lock_items(step: Step) -> dict[str, StepItem]:
    """The step's items by name, locked in a fixed order."""
    items = StepItem.objects.select_for_update(of=("self",), no_key=True).filter(step=step)
    return {item.name: item for item in items.order_by("name")}


def move_step(row: Step, to: StepState, *, now_s: float) -> None:
    """Along the ladder; the end is stamped."""
    row.state = moved(STEP_MOVES, StepState(row.state), to, f"step {row.number}")
    fields = ["state", "reason", "updated_at"]
    if to not in OPEN_STEPS:
        row.ended_at_s = now_s
        fields.append("ended_at_s")
    if to is StepState.ISSUED:
        row.issued_at_s = now_s
        fields.append("issued_at_s")
    row.save(update_fields=fields)


def move_item(item: StepItem, to: ItemState) -> None:
    """Along the ladder."""
    item.state = moved(ITEM_MOVES, ItemState(item.state), to, f"item {item.name}")
    item.save(update_fields=["state", "issued_at_s", "updated_at"])


def move_target(target: AnyTarget, to: TargetStatus, *, reason: str = "") -> None:
    """Along the ladder of squares, groups and holes; a person's edit then sees a new version."""
    before = TargetStatus(target.status)
    target.status = moved(_MOVES[type(target)], before, to, f"{target.slug}")
    target.reason = reason
    target.version += 1
    target.save()


def move_grid(grid: Grid, to: GridStatus, *, reason: str = "") -> None:
    """Along the ladder; nothing when it is there already."""
    if grid.status == to:
        return
    grid.status = moved(GRID_MOVES, GridStatus(grid.status), to, f"grid {grid.name}")
    grid.status_reason = reason[:300]
    grid.version += 1
    grid.save()


def climb_grid(grid: Grid, to: GridStatus) -> None:
    """Up to `to`, rung by rung, from wherever it is below; nothing when it is past it."""
    if grid.status not in _ROAD or to not in _ROAD:
        return
    for rung in _ROAD[_ROAD.index(GridStatus(grid.status)) + 1 : _ROAD.index(to) + 1]:
        move_grid(grid, rung)


def grid_of(step: Step) -> Grid:
    """The grid of a step that has one, not locked."""
    if step.grid is None:
        raise Conflict(f"Step {step.number} ({step.kind}) belongs to no grid.")
    return step.grid


def lock_grid(step: Step) -> Grid:
    """The step's grid, locked and read anew."""
    return Grid.objects.select_for_update(of=("self",), no_key=True).get(pk=grid_of(step).pk)


def subject_of(step: Step) -> UUID:
    """What a step that has a subject is about."""
    if step.subject is None:
        raise Conflict(f"Step {step.number} ({step.kind}) is about no row.")
    return step.subject


def scope_of(step: Step) -> Scope:
    """Where the step's events belong."""
    return Scope(step.microscope_id, step.run.session_id, step.grid_id)
