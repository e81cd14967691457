"""A person decides in which order the grids that have not begun are taken."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from smartscope.domain.actor import Actor
from smartscope.domain.errors import InvalidInput, NotFound
from smartscope.domain.status import GridStatus
from smartscope.models import Grid, Session
from smartscope.operations.edit_grid import require_version
from smartscope.operations.pending_edit import Manner, Outcome, PendingEdit
from smartscope.operations.target_rows import allow, locked
from smartscope.queries.visible import reader_of, visible_sessions


@transaction.atomic
def order_grids(
    actor: Actor, session_id: UUID, wanted: Sequence[UUID], *, version: int | None
) -> Outcome:
    """`wanted` names every waiting grid of the session once, the next one first.

    `version` is the session's as it was read. Raises NotFound, NotAllowed, Conflict `stale`, and
    InvalidInput naming the grids that are missing or have begun.
    """
    if not visible_sessions(reader_of(actor)).filter(pk=session_id).exists():
        raise NotFound("There is no such session that you may see.")
    session = locked(Session.objects.all(), [session_id])[session_id]
    allow(actor, session)
    require_version(session.version, version)
    waiting = Grid.objects.filter(session=session, status=GridStatus.WAITING)
    grids = locked(Grid.objects.all(), waiting.values_list("pk", flat=True))
    _check(session, grids, wanted)
    edit = PendingEdit(actor)
    for turn, pk in enumerate(wanted, start=1):
        edit.put("grid", grids[pk], turn=turn)
    outcome = edit.commit(
        session,
        "grid.reordered",
        matched=len(wanted),
        manner=Manner(summary=f"order of the grids of {session.name}"),
    )
    if outcome.changeset is not None:
        # whoever read the order before this must read it again
        session.version += 1
        session.save(update_fields=["version", "updated_at"])
    return outcome


def _check(session: Session, grids: dict[UUID, Grid], wanted: Sequence[UUID]) -> None:
    problems = {}
    strange = [pk for pk in wanted if pk not in grids]
    if strange:
        named = Grid.objects.filter(session=session, pk__in=strange).order_by("position")
        said = ", ".join(f"{grid.name} is {grid.status}" for grid in named) or "not of this session"
        problems["grids"] = f"only waiting grids have a turn: {said}."
    elif len(set(wanted)) != len(wanted):
        problems["grids"] = "name each grid once."
    elif missing := [grid.name for pk, grid in grids.items() if pk not in set(wanted)]:
        problems["grids"] = f"name every waiting grid; missing: {', '.join(missing)}."
    if problems:
        raise InvalidInput(problems)
