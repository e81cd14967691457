"""A person has looked at the instrument: the quarantined lease may be taken again."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict
from smartscope.models import Lease, LeaseState
from smartscope.operations.event_log import Scope, Told, record_event


def clear_lease(microscope: UUID, actor: Actor, *, reason: str) -> None:
    """Raises Conflict when the lease is not quarantined or in maintenance.

    The lease's row is written last, as everywhere: rows, event counter, lease.
    """
    with transaction.atomic(durable=True):
        state = Lease.objects.values_list("state", flat=True).get(pk=microscope)
        told = Told(
            subjects=[microscope], before={"state": state}, after={"state": "free"}, reason=reason
        )
        record_event("lease.cleared", actor, Scope(microscope=microscope), told)
        closed = Lease.objects.filter(
            pk=microscope, state__in=(LeaseState.QUARANTINED, LeaseState.MAINTENANCE)
        )
        if not closed.update(state=LeaseState.FREE):
            raise Conflict(
                f"The lease is {state}; there is nothing to clear.", code="not_quarantined"
            )
