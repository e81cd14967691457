"""Finding and locking the targets of an edit, always in one order: grids, squares, groups, holes.

The bridge locks in the same order, so an edit and a step wait for each other and never for ever;
whoever comes second sees what the first one did.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from smartscope.domain.actor import Actor
from smartscope.domain.errors import InvalidInput, NotFound
from smartscope.models import Session
from smartscope.operations.pending_edit import PendingEdit, Skipped
from smartscope.queries.rights import place_of, require_edit

AnyRow = TypeVar("AnyRow", bound=Model)

#: an edit larger than this would hold its locks too long
MOST_ROWS = 10_000


def session_of(
    visible: QuerySet[Any], ids: Sequence[UUID], path: str, edit: PendingEdit
) -> tuple[Session, list[UUID]]:
    """The one session of these rows, and those that exist; the rest is noted as skipped.

    Raises NotFound when the actor sees none of them, InvalidInput when they belong to several
    sessions or are too many, NotAllowed when the actor may only look.
    """
    if len(ids) > MOST_ROWS:
        raise InvalidInput({"ids": f"at most {MOST_ROWS} at once; narrow the filter."})
    found = dict(visible.filter(pk__in=ids).values_list("pk", path))
    if not found:
        raise NotFound("None of these exist, or you may not see them; read the list again.")
    sessions = set(found.values())
    if len(sessions) > 1:
        raise InvalidInput({"ids": "belong to several sessions; edit one session at a time."})
    session = Session.objects.get(pk=sessions.pop())
    allow(edit.actor, session)
    edit.skipped += [
        Skipped(pk, "not_found", "there is no such target") for pk in ids if pk not in found
    ]
    return session, list(found)


def allow(actor: Actor, session: Session) -> None:
    """Raise NotAllowed unless the actor may edit this session."""
    require_edit(actor, place_of(session))


def locked(rows: QuerySet[AnyRow], ids: Iterable[UUID]) -> dict[UUID, AnyRow]:
    """These rows, locked against writers but not against references, by id."""
    found = rows.select_for_update(of=("self",), no_key=True).filter(pk__in=set(ids))
    return {row.pk: row for row in found.order_by("pk")}
