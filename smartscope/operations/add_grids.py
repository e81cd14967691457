"""A person adds grids to a session that is planned already, also while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict, InvalidInput, NotFound
from smartscope.domain.protocol import PARAMETER_NAMES, CollectionProtocol, check, check_grid
from smartscope.models import Grid, Session
from smartscope.models.ids import uuid7
from smartscope.operations.create_session import NewGrid
from smartscope.operations.pending_edit import Manner, Outcome, PendingEdit
from smartscope.operations.target_rows import allow, locked
from smartscope.queries.visible import reader_of, visible_sessions

#: what a taken-back grid becomes: its row stays, as the record of what was planned
TAKEN_BACK = {"status": "skipped", "status_reason": "taken back before it began"}


@transaction.atomic
def add_grids(actor: Actor, session_id: UUID, new: Sequence[NewGrid], manner: Manner) -> Outcome:
    """Parameters that a grid does not name are the session's as they are now.

    Raises NotFound, NotAllowed, InvalidInput naming the grid (`grids.2.position`), and Conflict for
    an imported session.
    """
    if not visible_sessions(reader_of(actor)).filter(pk=session_id).exists():
        raise NotFound("There is no such session that you may see.")
    sessions = locked(Session.objects.select_related("microscope"), [session_id])
    session = sessions[session_id]
    allow(actor, session)
    if session.imported:
        raise Conflict(f"{session.name} was imported: it is never driven.", code="not_capable")
    taken = set(Grid.objects.filter(session=session).values_list("position", flat=True))
    edit = PendingEdit(actor)
    problems: dict[str, str] = {}
    for number, grid in enumerate(new):
        at = f"grids.{number}."
        try:
            row = _row(session, grid, taken)
        except InvalidInput as wrong:
            problems |= {at + path: said for path, said in wrong.problems.items()}
            continue
        taken.add(row.position)
        edit.create("grid", row, undone=TAKEN_BACK)
    if problems:
        raise InvalidInput(problems)
    return edit.commit(session, "grid.added", matched=len(new), manner=manner)


def _row(session: Session, new: NewGrid, taken: set[int]) -> Grid:
    described = check_grid(new.described, slots=session.microscope.loader_slots)
    if described.position in taken:
        raise InvalidInput({"position": f"slot {described.position} has a grid already."})
    values = {name: getattr(session, name) for name in PARAMETER_NAMES}
    values |= {name: value for name, value in new.parameters.items() if name in PARAMETER_NAMES}
    check(CollectionProtocol(**values))
    return Grid(
        pk=uuid7(),
        session=session,
        slug=f"g{described.position:02d}",
        position=described.position,
        name=described.name,
        sample=new.sample,
        notes=new.notes,
        hole_type=described.hole_type,
        mesh=described.mesh,
        mesh_material=described.mesh_material,
        **values,
    )
