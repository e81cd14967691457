"""A person changes a grid's plan, description or verdict, or skips it, or takes it up again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict, InvalidInput, NotFound
from smartscope.domain.protocol import (
    PARAMETER_NAMES,
    CollectionProtocol,
    GridDescription,
    check,
    check_grid,
)
from smartscope.domain.status import GRID_ENDS, GRID_MOVES, GridStatus, moved
from smartscope.models import Grid, Session
from smartscope.operations.pending_edit import Manner, Outcome, PendingEdit
from smartscope.operations.square_edits import wake
from smartscope.operations.target_rows import allow, locked, session_of
from smartscope.queries.visible import reader_of, visible_grids

G = GridStatus
#: what a finder builds on: fixed once the grid has begun
DESCRIBED = frozenset({"name", "hole_type", "mesh", "mesh_material"})


@transaction.atomic
def edit_grid(
    actor: Actor, grid_id: UUID, changes: Mapping[str, Any], *, version: int | None
) -> Outcome:
    """Set notes, verdict, tag, description or collection parameters of one grid.

    `version` is what the person last read, None for whatever it is now. Raises NotFound,
    NotAllowed, InvalidInput, and Conflict `stale` or `illegal_transition`.
    """
    if not visible_grids(reader_of(actor)).filter(pk=grid_id).exists():
        raise NotFound("There is no such grid that you may see.")
    grid = locked(Grid.objects.select_related("session__microscope"), [grid_id])[grid_id]
    allow(actor, grid.session)
    require_version(grid.version, version)
    _check_possible(grid, changes)
    edit = PendingEdit(actor)
    edit.put("grid", grid, **changes)
    named = ", ".join(changes)
    manner = Manner(summary=f"{named} of grid {grid.name}")
    return edit.commit(grid.session, "grid.changed", matched=1, manner=manner, grid=grid.pk)


@transaction.atomic
def edit_grids(actor: Actor, ids: Sequence[UUID], *, queue: bool, manner: Manner) -> Outcome:
    """Skip grids, or take skipped, failed and done ones up again (`queue`)."""
    edit = PendingEdit(actor)
    session, found = session_of(visible_grids(reader_of(actor)), ids, "session", edit)
    if session.imported:
        raise Conflict(f"{session.name} was imported: it is never driven.", code="not_capable")
    for grid in locked(Grid.objects.all(), found).values():
        wake(edit, grid) if queue else skip_grid(edit, grid)
    return edit.commit(session, "grid.changed", matched=len(ids), manner=manner)


@transaction.atomic
def judge_grids(
    actor: Actor, ids: Sequence[UUID], values: Mapping[str, str], *, manner: Manner
) -> Outcome:
    """Give grids a verdict or a tag (`values`), at any time; "" takes it away."""
    edit = PendingEdit(actor)
    session, found = session_of(visible_grids(reader_of(actor)), ids, "session", edit)
    for grid in locked(Grid.objects.all(), found).values():
        edit.put("grid", grid, **values)
    return edit.commit(session, "grid.changed", matched=len(ids), manner=manner)


def skip_grid(edit: PendingEdit, grid: Grid) -> None:
    """A locked grid that has not ended is passed over; one that has is reported."""
    if grid.status in GRID_ENDS:
        edit.skip(grid, "illegal_transition", f"grid {grid.name} is {grid.status} already")
        return
    status = moved(GRID_MOVES, GridStatus(grid.status), G.SKIPPED, f"grid {grid.name}")
    edit.put("grid", grid, status=str(status), status_reason=f"skipped by {edit.actor.name}"[:300])


def require_version(present: int, expected: int | None) -> None:
    """Raise Conflict `stale` when somebody changed the row since it was read."""
    if expected is not None and expected != present:
        raise Conflict(
            f"It was changed since you read it (version {present}, you have {expected}); "
            "read it again and repeat what still applies.",
            code="stale",
        )


def protocol_of(row: Session | Grid, changes: Mapping[str, Any]) -> CollectionProtocol:
    """The row's protocol with some parameters changed. Raises InvalidInput."""
    values = {name: getattr(row, name) for name in PARAMETER_NAMES}
    values |= {name: value for name, value in changes.items() if name in PARAMETER_NAMES}
    return check(CollectionProtocol(**values))


def _check_possible(grid: Grid, changes: Mapping[str, Any]) -> None:
    if not changes:
        raise InvalidInput({"body": "says nothing; give notes, verdict, tag, name or parameters."})
    if set(changes) & DESCRIBED:
        if grid.status != G.WAITING:
            raise Conflict(
                f"Grid {grid.name} is {grid.status}; only a waiting grid can be named or described "
                "anew.",
                code="illegal_transition",
            )
        described = GridDescription(
            position=grid.position,
            **{name: changes.get(name, getattr(grid, name)) for name in DESCRIBED},
        )
        check_grid(described, slots=max(grid.session.microscope.loader_slots, grid.position))
    if set(changes) & set(PARAMETER_NAMES):
        if grid.status in GRID_ENDS:
            raise Conflict(
                f"Grid {grid.name} is {grid.status}; queue it again before changing its plan.",
                code="illegal_transition",
            )
        protocol_of(grid, changes)
