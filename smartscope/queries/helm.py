"""Who is at the helm of a microscope, and who may stand there."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.domain.driving import ANSWER_WITHIN, Helm
from smartscope.domain.errors import Conflict, NotAllowed
from smartscope.models import DriverLease, MicroscopeGrant
from smartscope.queries.visible import reader_of


def driver_lease(microscope: UUID) -> DriverLease | None:
    """The row with its people; None where nobody ever took the helm."""
    rows = DriverLease.objects.select_related("holder", "asked_by", "microscope")
    return rows.filter(microscope_id=microscope).first()


def helm_of(lease: DriverLease | None) -> Helm:
    """The row as a plain value."""
    if lease is None:
        return Helm()
    return Helm(
        holder=lease.holder_id,
        expires_at=lease.expires_at,
        asked_by=lease.asked_by_id,
        asked_at=lease.asked_at,
    )


def helm_shown(actor: Actor, microscope: UUID) -> dict[str, Any]:
    """What one person is shown of it now, and whether they may stand there at all."""
    now, lease = timezone.now(), driver_lease(microscope)
    helm = helm_of(lease)
    holder = helm.holder_at(now)
    held = lease if holder is not None else None
    asked_at = helm.asked_at if held is not None else None
    return {
        "microscope": microscope,
        "holder": _name(held.holder) if held else None,
        "mine": holder is not None and holder == actor.user_id,
        "taken_at": held.taken_at if held else None,
        "expires_at": held.expires_at if held else None,
        "asked_by": _name(held.asked_by) if held else None,
        "asked_by_me": asked_at is not None and helm.asked_by == actor.user_id,
        "answer_by": None if asked_at is None else asked_at + ANSWER_WITHIN,
        "may_drive": may_drive(actor, microscope),
    }


def may_drive(actor: Actor, microscope: UUID) -> bool:
    """Whether the actor has a grant for the microscope, or is staff."""
    if reader_of(actor).sees_everything:
        return True
    grants = MicroscopeGrant.objects.filter(
        user_id=actor.user_id or 0, user__is_active=True, microscope_id=microscope
    )
    return grants.exists()


def require_driver(actor: Actor, microscope: UUID) -> None:
    """Raise NotAllowed unless the actor has a grant for the microscope, or is staff."""
    if not may_drive(actor, microscope):
        raise NotAllowed(
            f"{actor.name} may not drive this microscope; ask the facility's staff for a grant. "
            "Looking, labelling, pausing and stopping need no helm."
        )


def require_helm(actor: Actor, microscope: UUID, now: datetime) -> None:
    """Raise Conflict `busy` while another person is at the helm; nobody there is no obstacle."""
    lease = driver_lease(microscope)
    holder = helm_of(lease).holder_at(now)
    if lease is None or holder is None or actor.user_id in (None, holder):
        return
    raise busy(lease)


def busy(lease: DriverLease) -> Conflict:
    """Who is there, until when, and what to do."""
    name = _name(lease.holder) or "somebody"
    until = "" if lease.expires_at is None else f" until {lease.expires_at:%H:%M:%S} UTC"
    return Conflict(
        f"{name} is at the helm of {lease.microscope.name}{until}, longer if renewed. Ask for it: "
        "after 30 s without an answer it is yours. Pausing and stopping are open to you.",
        code="busy",
    )


def _name(person: User | None) -> str | None:
    return None if person is None else person.get_username()
