"""Take an edit back: rows that still hold what it wrote get what they had before.

A revert is a changeset itself, so it can be reverted; what was changed since, or exposed, stays.
What waits again goes on: its group, square and grid follow, as they do for an order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict, IllegalTransition, NotFound
from smartscope.domain.status import (
    GRID_MOVES,
    GROUP_MOVES,
    HOLE_MOVES,
    SPENT,
    SQUARE_MOVES,
    GridStatus,
    TargetStatus,
    moved,
)
from smartscope.models import Change, Changeset, Exposure, Grid, Hole, Session, Square
from smartscope.operations.edit_picks import PicksBack, settle_picks
from smartscope.operations.family import Family, lock_family
from smartscope.operations.hole_edits import HoleEdits
from smartscope.operations.pending_edit import Manner, Outcome, PendingEdit
from smartscope.operations.regroup_edited import regroup_edited, tell_regrouped
from smartscope.operations.settle import settle_squares
from smartscope.operations.square_edits import SquareEdits
from smartscope.operations.target_rows import allow, locked
from smartscope.queries.visible import reader_of, visible_changesets

TARGET_MOVES = {"square": SQUARE_MOVES, "group": GROUP_MOVES, "hole": HOLE_MOVES}
G, T = GridStatus, TargetStatus
#: a grid that was skipped on its way begins that way again
_AGAIN = {G.LOADING: G.WAITING, G.LOADED: G.WAITING, G.ATLAS: G.WAITING}


@transaction.atomic
def revert_changeset(actor: Actor, changeset_id: UUID, *, dry_run: bool = False) -> Outcome:
    """Raises NotFound, NotAllowed, and Conflict when it was reverted already."""
    changeset = (
        Changeset.objects.select_for_update(of=("self",), no_key=True)
        .select_related("session")
        .filter(pk__in=visible_changesets(reader_of(actor)).filter(pk=changeset_id).values("pk"))
        .first()
    )
    if changeset is None or changeset.session is None:
        raise NotFound("There is no such changeset that you may see.")
    allow(actor, changeset.session)
    if Changeset.objects.filter(reverts=changeset).exists():
        raise Conflict("This changeset was reverted already; revert that revert to redo it.")
    edit = PendingEdit(actor)
    changes = list(changeset.changes.all())
    family = _family(changes)
    picks = PicksBack.of(_named(changes, "pick_edit"), _named(changes, "picking"))
    rows: dict[str, Mapping[UUID, Any]] = {
        "session": locked(Session.objects.all(), _named(changes, "session")),
        "square": family.squares,
        "group": family.groups,
        "hole": family.holes,
        "exposure": locked(Exposure.objects.all(), _named(changes, "exposure")),
        **picks.rows,
    }
    for resource, found in rows.items():
        for change in changes:
            if change.resource == resource:
                _restore(edit, change, found.get(change.object_id))
    edits = _follow(edit, family)
    regrouped = [] if changeset.session.imported else regroup_edited(edits, family)
    for change in changes:
        if change.resource == "grid":
            _restore_grid(edit, change, family.grids.get(change.object_id))
    manner = Manner(
        dry_run=dry_run, summary=f"take back: {changeset.summary}", reverts=changeset.pk
    )
    outcome = edit.commit(
        changeset.session,
        "changeset.reverted",
        matched=len(changes),
        manner=manner,
        about=[exposure.pk for exposure in picks.exposures],
    )
    tell_regrouped(actor, changeset.session, outcome, regrouped, manner.summary)
    settle_squares(outcome, family.squares.values())
    settle_picks(outcome, picks.exposures)
    return outcome


def _named(changes: Iterable[Change], resource: str) -> set[UUID]:
    return {change.object_id for change in changes if change.resource == resource}


def _family(changes: Sequence[Change]) -> Family:
    """Everything that may have to follow, the groups to which holes go back included."""
    back = {UUID(key) for change in changes if (key := change.before.get("group_id"))}
    return lock_family(
        grids=_named(changes, "grid"),
        squares=_named(changes, "square"),
        groups=_named(changes, "group") | back,
        holes=_named(changes, "hole"),
    )


def _follow(edit: PendingEdit, family: Family) -> HoleEdits:
    """What was set back may not fit what happened since: groups, squares and grids are fitted."""
    edits = HoleEdits(edit, family.grids, family.squares, family.groups, family.members())
    edits.follow()
    squares = SquareEdits(edit, family.grids)
    for pk in edit.changed("square"):
        squares.follow(family.squares[pk])
    return edits


def _restore_grid(edit: PendingEdit, change: Change, grid: Grid | None) -> None:
    """As any row, but a grid on which something else waits by now is not ended."""
    if grid is None:
        return
    ends = change.before.get("status", grid.status) == G.DONE
    if ends and grid.status != G.DONE and _something_waits(edit, grid):
        edit.skip(grid, "changed_since", f"something else waits on grid {grid.name} since")
        return
    _restore(edit, change, grid)


def _something_waits(edit: PendingEdit, grid: Grid) -> bool:
    squares = Square.objects.filter(grid=grid)
    holes = Hole.objects.filter(square__grid=grid, group__isnull=False)
    return _queued(edit, "square", squares) or _queued(
        edit, "hole", holes.exclude(square__status=T.SKIPPED)
    )


def _queued(edit: PendingEdit, resource: str, rows: QuerySet[Any]) -> bool:
    """Whether one of these is queued once the edit is written."""
    pending = {pk for kind, pk in edit.rows if kind == resource}
    if rows.filter(status=T.QUEUED).exclude(pk__in=pending).exists():
        return True
    return any(getattr(edit.rows[resource, pk], "status", "") == T.QUEUED for pk in pending)


def _restore(edit: PendingEdit, change: Change, row: Any) -> None:
    if row is None:
        return
    before = {name: _value(name, value) for name, value in change.before.items()}
    after = {name: _value(name, value) for name, value in change.after.items()}
    status = getattr(row, "status", "")
    moved_on = change.resource in TARGET_MOVES and status != after.get("status", status)
    if moved_on and TargetStatus(status) in SPENT:
        edit.skip(row, "already_exposed", f"{row.slug} is {status} already")
        return
    if any(getattr(row, name) != value for name, value in after.items()):
        edit.skip(row, "changed_since", "somebody changed it since")
        return
    try:
        if "status" in before:
            before["status"] = str(_status(change.resource, row, before["status"]))
    except IllegalTransition as problem:
        edit.skip(row, "illegal_transition", str(problem))
        return
    edit.put(change.resource, row, **before)


def _status(resource: str, row: Any, back: str) -> str:
    """The status to go back to, along the ladder."""
    if resource == "grid":
        now, to = GridStatus(row.status), GridStatus(back)
        to = to if to in GRID_MOVES[now] else _AGAIN.get(to, to)
        return moved(GRID_MOVES, now, to, f"grid {row.name}")
    if resource == "exposure":
        return back
    moves = TARGET_MOVES[resource]
    return moved(moves, TargetStatus(row.status), TargetStatus(back), row.slug)


def _value(column: str, plain: Any) -> Any:
    """A column's value from JSON, in the type that the row holds."""
    if column.endswith("_at") and plain:
        return datetime.fromisoformat(plain)
    return UUID(plain) if column.endswith("_id") and plain else plain
