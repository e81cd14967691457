"""What becomes of a step's items and targets when it ends otherwise than planned.

Planned items were never sent: their holes wait again. Issued items may have spent dose: without
a whole file they are lost, flagged, and never taken again by themselves. A map (atlas, square,
view) that ended between two exposures is known to be unfinished, and is taken anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from smartscope.domain.map_dose import may_map_again
from smartscope.domain.status import ExposureStatus, GridStatus, ItemState, TargetStatus
from smartscope.models import Atlas, Exposure, Grid, Group, Hole, Square, Step, StepItem
from smartscope.operations.settle import settle_group
from smartscope.operations.step_rows import (
    lock_grid,
    lock_items,
    move_grid,
    move_item,
    move_target,
    subject_of,
)

#: a lost square view is planned once more by itself
VIEWS_LOST_ALLOWED = 1


@dataclass(frozen=True, slots=True)
class Settled:
    """How many items are done, lost and abandoned now that none is open."""

    done: int
    lost: int
    abandoned: int


def settle_items(row: Step, *, now_s: float, in_flight: bool = True) -> Settled:
    """Close every open item of the step and move its targets to where that leaves them.

    Unless something may have been `in_flight`, a map that was begun is partial instead of lost; a
    hole's dose is spent once whatever is known.
    """
    items = lock_items(row)
    for item in items.values():
        if item.state == ItemState.PLANNED:
            _abandon(item)
        elif item.state == ItemState.ISSUED:
            if in_flight or item.hole_id is not None:
                _lose(row, item, now_s)
            else:
                move_item(item, ItemState.PARTIAL)
    states = [item.state for item in items.values()]
    _settle_subject(row, lost=ItemState.LOST in states)
    return Settled(
        done=states.count(ItemState.DONE),
        lost=states.count(ItemState.LOST),
        abandoned=states.count(ItemState.ABANDONED),
    )


def _abandon(item: StepItem) -> None:
    move_item(item, ItemState.ABANDONED)
    if item.hole_id is not None:
        hole = _hole(item.hole_id)
        if hole.status == TargetStatus.IMAGING:
            move_target(hole, TargetStatus.QUEUED)


def _lose(row: Step, item: StepItem, now_s: float) -> None:
    move_item(item, ItemState.LOST)
    if item.hole_id is None:
        return
    hole = _hole(item.hole_id)
    hole.dose_uncertain = True
    move_target(hole, TargetStatus.LOST, reason="outcome_unknown")
    Exposure.objects.create(
        hole=hole,
        slug=hole.slug,
        status=ExposureStatus.LOST,
        reason="outcome_unknown",
        pixel_size_angstrom=float(row.parameters.get("pixel_size_angstrom", 0.0)),
        dose_e_per_angstrom2=item.dose_e_per_angstrom2,
        target_defocus_um=row.parameters.get("defocus_um"),
        exposed_at_s=item.issued_at_s if item.issued_at_s is not None else now_s,
    )


def _settle_subject(row: Step, *, lost: bool) -> None:
    match row.kind:
        case "load_grid":
            _settle_load(row)
        case "atlas":
            _settle_atlas(row)
        case "square":
            _settle_square(row, lost=lost)
        case "expose":
            _settle_group(row)
        case _:
            pass


def _settle_load(row: Step) -> None:
    grid = lock_grid(row)
    if grid.status == GridStatus.LOADING:
        move_grid(grid, GridStatus.WAITING)


def _settle_atlas(row: Step) -> None:
    grid = lock_grid(row)
    if grid.status == GridStatus.ATLAS and not Atlas.objects.filter(grid=grid).exists():
        move_grid(grid, GridStatus.LOADED)


def _settle_square(row: Step, *, lost: bool) -> None:
    square = Square.objects.select_for_update(of=("self",), no_key=True).get(pk=subject_of(row))
    if square.status != TargetStatus.IMAGING:
        return
    if not lost:
        move_target(square, TargetStatus.QUEUED)
        return
    square.views_lost += 1
    move_target(square, TargetStatus.LOST, reason="view_lost")
    if square.views_lost <= VIEWS_LOST_ALLOWED and _dose_left(square):
        move_target(square, TargetStatus.QUEUED, reason="view_lost")


def _dose_left(square: Square) -> bool:
    """Whether another view keeps within what the square may get for views whose outcome is lost."""
    doses = StepItem.objects.filter(
        step__kind="square",
        step__subject=square.pk,
        state__in=(ItemState.LOST, ItemState.PARTIAL),
    ).values_list("dose_e_per_angstrom2", flat=True)
    record = Grid.objects.values_list("record_dose_e_per_angstrom2", flat=True).get(
        pk=square.grid_id
    )
    return may_map_again(list(doses), record_e_per_a2=record)


def _settle_group(row: Step) -> None:
    group = Group.objects.select_for_update(of=("self",), no_key=True).get(pk=subject_of(row))
    if group.status != TargetStatus.IMAGING:
        return
    names = [item.hole_id for item in StepItem.objects.filter(step=row) if item.hole_id]
    states = set(Hole.objects.filter(pk__in=names).values_list("status", flat=True))
    if TargetStatus.QUEUED in states:
        move_target(group, TargetStatus.QUEUED)
    elif states <= {TargetStatus.LOST}:
        move_target(group, TargetStatus.LOST, reason="outcome_unknown")
    else:
        move_target(group, TargetStatus.IMAGED)
    settle_group(group)


def _hole(hole: UUID) -> Hole:
    return Hole.objects.select_for_update(of=("self",), no_key=True).get(pk=hole)
