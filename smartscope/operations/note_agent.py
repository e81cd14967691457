"""How a microscope's safety agent answered, for people to see and for starts to be refused by."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from smartscope.domain.actor import ALARMS
from smartscope.models import Microscope
from smartscope.operations.event_log import Scope, Told, record_event


@transaction.atomic
def note_agent(microscope: UUID, state: str) -> None:
    """An event only when it changed. `state` is "absent" when it did not answer."""
    row = Microscope.objects.select_for_update(no_key=True).get(pk=microscope)
    before, row.agent_state = row.agent_state, state[:12]
    if state != "absent":
        row.agent_seen_at = timezone.now()
    row.save(update_fields=["agent_state", "agent_seen_at", "updated_at"])
    if before != row.agent_state:
        told = Told(
            subjects=[microscope], before={"agent": before}, after={"agent": row.agent_state}
        )
        record_event("microscope.changed", ALARMS, Scope(microscope), told)
