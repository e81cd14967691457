"""A person changes a session's notes or end, or parameters of it and its grids not ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from smartscope.domain.actor import Actor
from smartscope.domain.errors import InvalidInput, NotFound
from smartscope.domain.protocol import PARAMETER_NAMES
from smartscope.domain.status import GRID_ENDS
from smartscope.models import Grid, Session
from smartscope.operations.create_session import check_end
from smartscope.operations.edit_grid import protocol_of, require_version
from smartscope.operations.pending_edit import Manner, Outcome, PendingEdit
from smartscope.operations.target_rows import allow, locked
from smartscope.queries.visible import reader_of, visible_sessions


@transaction.atomic
def edit_session(
    actor: Actor, session_id: UUID, changes: Mapping[str, Any], *, version: int | None
) -> Outcome:
    """`stop_at` None takes the end away.

    Raises NotFound, NotAllowed, InvalidInput naming a grid's field, and Conflict `stale`.
    """
    if not visible_sessions(reader_of(actor)).filter(pk=session_id).exists():
        raise NotFound("There is no such session that you may see.")
    session = locked(Session.objects.all(), [session_id])[session_id]
    allow(actor, session)
    require_version(session.version, version)
    if not changes:
        raise InvalidInput({"body": "says nothing; give notes, stop_at or parameters."})
    check_end(session.microscope, changes.get("stop_at"))
    edit = PendingEdit(actor)
    edit.put("session", session, **changes)
    parameters = {name: changes[name] for name in changes if name in PARAMETER_NAMES}
    if parameters:
        protocol_of(session, {})
        for grid in _unfinished(session):
            set_parameters(edit, grid, parameters)
    manner = Manner(summary=f"{', '.join(changes)} of {session.name}")
    return edit.commit(session, "session.changed", matched=1, manner=manner)


def set_parameters(edit: PendingEdit, grid: Grid, parameters: Mapping[str, Any]) -> None:
    """Give a locked grid other parameters; what is impossible names the grid."""
    try:
        protocol_of(grid, parameters)
    except InvalidInput as problem:
        raise InvalidInput(
            {f"{grid.slug}.{name}": text for name, text in problem.problems.items()}
        ) from problem
    edit.put("grid", grid, **parameters)


def _unfinished(session: Session) -> list[Grid]:
    grids = Grid.objects.filter(session=session).exclude(status__in=GRID_ENDS)
    return list(locked(Grid.objects.all(), grids.values_list("pk", flat=True)).values())
