"""Take an edit back: rows that still hold what it wrote get what they had before.

A revert is a changeset itself, so it can be reverted; what was changed since, or exposed, stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

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
from smartscope.models import Change, Changeset, Exposure, Grid, Group, Hole, Session, Square
from smartscope.operations.pending_edit import Manner, Outcome, PendingEdit
from smartscope.operations.target_rows import allow, locked
from smartscope.queries.visible import reader_of, visible_changesets

#: in the order in which rows are locked everywhere
RESOURCES: Mapping[str, Any] = {
    "session": Session,
    "grid": Grid,
    "square": Square,
    "group": Group,
    "hole": Hole,
    "exposure": Exposure,
}
TARGET_MOVES = {"square": SQUARE_MOVES, "group": GROUP_MOVES, "hole": HOLE_MOVES}
G = GridStatus
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
    for resource, model in RESOURCES.items():
        mine = [change for change in changes if change.resource == resource]
        rows = locked(model.objects.all(), [change.object_id for change in mine])
        for change in mine:
            _restore(edit, change, rows.get(change.object_id))
    manner = Manner(
        dry_run=dry_run, summary=f"take back: {changeset.summary}", reverts=changeset.pk
    )
    return edit.commit(changeset.session, "changeset.reverted", matched=len(changes), manner=manner)


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
    return UUID(plain) if column.endswith("_id") and plain else plain
