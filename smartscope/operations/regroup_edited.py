"""After people's words on holes: the plans of their squares follow, in the same edit."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from smartscope.domain.actor import Actor
from smartscope.domain.labels import HOLE_LABELS
from smartscope.domain.status import TargetStatus
from smartscope.models import Grid, Group, Hole, Session, Square
from smartscope.operations.choose_groups import LEFT_OVER
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.family import Family
from smartscope.operations.hole_edits import HoleEdits
from smartscope.operations.pending_edit import Outcome
from smartscope.operations.regroup import Regrouped, Regrouping

T = TargetStatus


def regroup_edited(edits: HoleEdits, family: Family) -> list[Regrouped]:
    """Solve the groups anew of each square in which a hole waits now, or waits no longer.

    When collecting, holes that people brought back and those that no group took before join in;
    when screening only what was chosen, or queued by a person, is wanted.
    """
    edited = {
        pk
        for (kind, pk), before in edits.edit.before.items()
        if kind == "hole" and "status" in before
    }
    found = []
    for square in sorted(family.squares.values(), key=lambda square: square.number):
        holes = [hole for hole in family.holes.values() if hole.square_id == square.pk]
        if not any(hole.pk in edited or hole.pk in edits.back for hole in holes):
            continue
        grid = family.grids[square.grid_id]
        also = _wanted_too(grid, square, holes, edits.back)
        regrouped = regrouping_of(edits, grid, square, holes).solve(also)
        if regrouped is not None:
            found.append(regrouped)
            for hole in also:
                if hole.status == T.QUEUED:
                    edits.wake(hole)
    return found


def regrouping_of(
    edits: HoleEdits, grid: Grid, square: Square, holes: Sequence[Hole]
) -> Regrouping:
    """The square with its groups among those that the edit has locked or made."""
    groups: dict[UUID, Group] = {
        pk: group for pk, group in edits.groups.items() if group.square_id == square.pk
    }
    numbered = sorted(holes, key=lambda hole: hole.number)
    return Regrouping(edits.edit, grid, square, groups, numbered, edits.numbers)


def _wanted_too(grid: Grid, square: Square, holes: Sequence[Hole], back: set[UUID]) -> list[Hole]:
    if grid.holes_per_square != 0 or square.status == T.SKIPPED:
        return []
    return [
        hole
        for hole in holes
        if hole.status == T.FOUND
        and (hole.pk in back or hole.reason in LEFT_OVER)
        and not HOLE_LABELS.get(hole.label, False)
        and not hole.dose_uncertain
    ]


def tell_regrouped(
    actor: Actor, session: Session, outcome: Outcome, regrouped: Sequence[Regrouped], why: str
) -> None:
    """One event for each square whose plan followed an edit that was written."""
    if outcome.changeset is None:
        return
    for each in regrouped:
        record_event(
            "square.regrouped",
            actor,
            Scope(session.microscope_id, session.pk, each.square.grid_id),
            Told(
                subjects=[each.square.pk, *each.groups],
                before=each.before.as_values(),
                after=each.after.as_values(),
                reason=f"{each.words}; because of {why}",
                changeset=outcome.changeset,
            ),
        )
