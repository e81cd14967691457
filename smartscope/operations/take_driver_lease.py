"""Somebody takes or renews the helm of a microscope; another's after asking, or by force."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.domain.driving import FRESH, LASTS, Way, way_to
from smartscope.domain.errors import InvalidInput, NotAllowed
from smartscope.models import DriverLease
from smartscope.operations.driver_lease_rows import holder_name, lock_lease, person_of, save, tell
from smartscope.queries.helm import busy, helm_of, require_driver
from smartscope.queries.rights import require_staff


@transaction.atomic
def take_driver_lease(actor: Actor, microscope: UUID) -> DriverLease:
    """Raises NotFound, NotAllowed, and Conflict `busy` naming who is there."""
    lease = lock_lease(microscope)
    require_driver(actor, microscope)
    person, now = person_of(actor), timezone.now()
    way = way_to(helm_of(lease), person, now)
    if way is Way.DENIED:
        raise busy(lease)
    if way is Way.RENEWED:
        lease.expires_at = now + LASTS
        save(lease)
        return lease
    before = holder_name(lease)
    give(lease, person)
    reason = f"{before} did not answer" if way is Way.SILENCE else ""
    tell(lease, "taken", actor, before=before, reason=reason)
    return lease


@transaction.atomic
def force_driver_lease(actor: Actor, microscope: UUID, *, reason: str) -> DriverLease:
    """Take it whoever holds it: staff only, freshly signed in, with a reason for the log.

    Raises NotFound, NotAllowed and InvalidInput.
    """
    lease = lock_lease(microscope)
    require_staff(actor)
    person = person_of(actor)
    _require_fresh(actor, person)
    if not reason.strip():
        raise InvalidInput({"reason": "say why it is taken over; the holder will read it."})
    before = holder_name(lease)
    give(lease, person)
    tell(lease, "forced", actor, before=before, reason=reason)
    return lease


def give(lease: DriverLease, person: int) -> None:
    """Put a person at the helm; what was asked of the former holder is answered by that."""
    now = timezone.now()
    lease.holder = get_user_model().objects.get(pk=person)
    lease.taken_at, lease.expires_at = now, now + LASTS
    lease.asked_by, lease.asked_at = None, None
    save(lease)


def _require_fresh(actor: Actor, person: int) -> None:
    last = get_user_model().objects.values_list("last_login", flat=True).get(pk=person)
    if actor.kind != "user" or last is None or timezone.now() - last > FRESH:
        raise NotAllowed(
            "Taking the helm by force needs a sign-in of the last ten minutes: sign out, sign in "
            "again, and repeat it. Stopping the run needs none of this."
        )
