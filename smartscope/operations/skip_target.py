"""A person says *not that one*: what still waits of a square, a group or a hole is passed over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict, InvalidInput, NotFound
from smartscope.domain.status import TargetStatus
from smartscope.models import Hole, Microscope, Session, Square
from smartscope.operations.edit_targets import edit_holes, edit_squares
from smartscope.operations.pending_edit import Manner, Outcome
from smartscope.operations.square_edits import Wanted
from smartscope.queries.visible import Reader, visible_groups, visible_holes, visible_squares

T = TargetStatus
_WAITING = (T.FOUND, T.QUEUED)
SKIP = Wanted(skip=True)


def skip_target(
    actor: Actor, reader: Reader, microscope: Microscope, arguments: Mapping[str, Any]
) -> Session:
    """Skip one square, group or hole; returns its session.

    Raises InvalidInput unless exactly one is named, NotFound, NotAllowed, and Conflict when
    nothing of it waits any more.
    """
    named = [(kind, arguments[kind]) for kind in ("square", "group", "hole") if kind in arguments]
    if len(named) != 1:
        raise InvalidInput({"arguments": "name one square, group or hole."})
    kind, key = named[0]
    session, slug = _found(kind, key, reader, microscope)
    manner = Manner(summary=f"skip {slug}")
    done = [_skip_holes(actor, kind, key, manner)]
    if kind == "square" and Square.objects.filter(pk=key, status__in=_WAITING).exists():
        done.append(edit_squares(actor, [key], SKIP, manner))
    if not any(outcome is not None and outcome.changed for outcome in done):
        raise Conflict(f"Nothing of {slug} waits any more.", code="already_exposed")
    return session


def _found(kind: str, key: UUID, reader: Reader, microscope: Microscope) -> tuple[Session, str]:
    rows: QuerySet[Any]
    match kind:
        case "square":
            rows, path = visible_squares(reader), "grid__session"
        case "group":
            rows, path = visible_groups(reader), "square__grid__session"
        case _:
            rows, path = visible_holes(reader), "square__grid__session"
    found = rows.filter(pk=key, **{f"{path}__microscope": microscope})
    row = found.values_list(path, "slug").first()
    if row is None:
        raise NotFound(f"There is no such {kind} on this microscope that you may see.")
    return Session.objects.get(pk=row[0]), str(row[1])


def _skip_holes(actor: Actor, kind: str, key: UUID, manner: Manner) -> Outcome | None:
    """What of it was not exposed; skipping the queued holes of a square passes it over as well."""
    column = "pk" if kind == "hole" else kind
    waiting = Q(**{column: key}) & Q(status__in=_WAITING if kind == "hole" else [T.QUEUED])
    holes = list(Hole.objects.filter(waiting).values_list("pk", flat=True))
    return edit_holes(actor, holes, SKIP, manner) if holes else None
