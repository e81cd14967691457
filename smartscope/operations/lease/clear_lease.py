"""A person has looked at the instrument: the quarantined lease may be taken again."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict
from smartscope.models import Lease, LeaseState
from smartscope.operations.event_log import Scope, Told, record_event


def clear_lease(microscope: UUID, actor: Actor, *, reason: str) -> None:
    """Raises Conflict when the lease is not quarantined or in maintenance."""
    with transaction.atomic(durable=True):
        lease = Lease.objects.select_for_update(no_key=True).get(pk=microscope)
        if lease.state not in (LeaseState.QUARANTINED, LeaseState.MAINTENANCE):
            raise Conflict(
                f"The lease is {lease.state}; there is nothing to clear.", code="not_quarantined"
            )
        before = {"state": lease.state}
        lease.state = LeaseState.FREE
        lease.save(update_fields=["state"])
        told = Told(subjects=[microscope], before=before, after={"state": "free"}, reason=reason)
        record_event("lease.cleared", actor, Scope(microscope=microscope), told)
