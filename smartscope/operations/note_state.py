"""A bridge that has no instrument at hand says how its microscope stands."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from smartscope.models import Microscope


def note_state(microscope: UUID, state: str, reason: str) -> None:
    """Shown to people; nothing decides by it, so it needs neither lease nor event."""
    with transaction.atomic(durable=True):
        row = Microscope.objects.select_for_update(no_key=True).get(pk=microscope)
        if (row.state, row.state_reason) == (state, reason[:300]):
            return
        if row.state != state:
            row.state_since = timezone.now()
        row.state, row.state_reason = state, reason[:300]
        row.save(update_fields=["state", "state_reason", "state_since", "updated_at"])
