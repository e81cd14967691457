"""Somebody asks the person at the helm for it, who hands over, refuses, or is silent for 30 s."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.domain.driving import ANSWER_WITHIN, LASTS
from smartscope.domain.errors import Conflict
from smartscope.models import DriverLease
from smartscope.operations.driver_lease_rows import holder_name, lock_lease, person_of, save, tell
from smartscope.operations.take_driver_lease import give
from smartscope.queries.helm import helm_of, require_driver


@transaction.atomic
def ask_for_driver_lease(actor: Actor, microscope: UUID) -> DriverLease:
    """Raises NotFound, NotAllowed, and Conflict when there is nobody to ask or another asked."""
    lease = lock_lease(microscope)
    require_driver(actor, microscope)
    person, now = person_of(actor), timezone.now()
    helm = helm_of(lease)
    if helm.holder_at(now) in (None, person):
        raise Conflict(
            f"Nobody else is at the helm of {lease.microscope.name}: take it.",
            code="illegal_transition",
        )
    if helm.asked_by == person:
        return lease
    if lease.asked_by is not None and lease.asked_at and now - lease.asked_at < LASTS:
        raise Conflict(
            f"{lease.asked_by.get_username()} asked before you and has no answer yet.",
            code="busy",
        )
    lease.asked_by = get_user_model().objects.get(pk=person)
    lease.asked_at = now
    # whoever does not answer must not lose the helm to a third person meanwhile
    if lease.expires_at is not None:
        lease.expires_at = max(lease.expires_at, now + ANSWER_WITHIN)
    save(lease)
    tell(lease, "asked", actor, before=holder_name(lease))
    return lease


@transaction.atomic
def answer_driver_request(actor: Actor, microscope: UUID, *, hand_over: bool) -> DriverLease:
    """The holder's answer. Raises NotFound, NotAllowed, Conflict when nobody waits for one."""
    lease = lock_lease(microscope)
    require_driver(actor, microscope)
    person, helm = person_of(actor), helm_of(lease)
    if helm.holder_at(timezone.now()) != person:
        raise Conflict(
            f"You are not at the helm of {lease.microscope.name}.", code="illegal_transition"
        )
    if lease.asked_by is None:
        raise Conflict("Nobody asks for the helm.", code="illegal_transition")
    before, asker = holder_name(lease), lease.asked_by
    if hand_over:
        give(lease, asker.pk)
        tell(lease, "handed_over", actor, before=before)
    else:
        lease.asked_by, lease.asked_at = None, None
        save(lease)
        tell(lease, "refused", actor, before=before, reason=f"asked by {asker.get_username()}")
    return lease


@transaction.atomic
def release_driver_lease(actor: Actor, microscope: UUID) -> DriverLease:
    """Hand the helm back; whoever asked for it has it then. Raises as the answer does."""
    lease = lock_lease(microscope)
    require_driver(actor, microscope)
    person = person_of(actor)
    if helm_of(lease).holder_at(timezone.now()) != person:
        raise Conflict(
            f"You are not at the helm of {lease.microscope.name}.", code="illegal_transition"
        )
    before = holder_name(lease)
    if lease.asked_by is not None:
        give(lease, lease.asked_by.pk)
    else:
        lease.holder, lease.taken_at, lease.expires_at = None, None, None
        save(lease)
    tell(lease, "released", actor, before=before)
    return lease
