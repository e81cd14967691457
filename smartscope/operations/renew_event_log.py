"""After a restore the log's positions mean nothing any more: a new id makes every client reread."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from smartscope.domain.actor import Actor
from smartscope.models import EventCounter
from smartscope.models.ids import uuid7
from smartscope.operations.event_log import Scope, Told, record_event


@transaction.atomic
def renew_event_log(actor: Actor, *, reason: str) -> UUID:
    """The new id. Open pages notice within their next heartbeat and read everything again."""
    counter, _ = EventCounter.objects.get_or_create(pk=1)
    EventCounter.objects.select_for_update().get(pk=counter.pk)
    before, after = counter.log_id, uuid7()
    EventCounter.objects.filter(pk=counter.pk).update(log_id=after)
    told = Told(before={"log_id": str(before)}, after={"log_id": str(after)}, reason=reason)
    record_event("log.renewed", actor, Scope(), told)
    return after
