"""The one row of a microscope's helm, locked, and what every change of it leaves behind."""

from __future__ import annotations

from uuid import UUID

from smartscope.domain.actor import Actor
from smartscope.domain.errors import NotAllowed, NotFound
from smartscope.models import DriverLease, Microscope
from smartscope.operations.event_log import Scope, Told, record_event

PEOPLE = ("holder", "asked_by", "microscope")


def lock_lease(microscope: UUID) -> DriverLease:
    """The row, made when it is not there. Raises NotFound; needs a transaction."""
    if not Microscope.objects.filter(pk=microscope).exists():
        raise NotFound("There is no such microscope.")
    DriverLease.objects.get_or_create(microscope_id=microscope)
    rows = DriverLease.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related(*PEOPLE).get(microscope_id=microscope)


def person_of(actor: Actor) -> int:
    """The person behind the actor. Raises NotAllowed for a part of the service."""
    if actor.user_id is None:
        raise NotAllowed("The helm is for people; the service drives by its own lease.")
    return actor.user_id


def save(lease: DriverLease) -> None:
    """Write the row under its next version."""
    lease.version += 1
    lease.save()


def tell(lease: DriverLease, verb: str, actor: Actor, *, before: str, reason: str = "") -> None:
    """One event; names are those of people, before and after."""
    told = Told(
        subjects=[lease.microscope_id],
        before={"holder": before},
        after={"holder": holder_name(lease)},
        reason=reason,
    )
    record_event(f"driver.{verb}", actor, Scope(microscope=lease.microscope_id), told)


def holder_name(lease: DriverLease) -> str:
    """Who is named in the row; "" for nobody."""
    return "" if lease.holder is None else str(lease.holder.get_username())
