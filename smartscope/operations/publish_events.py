"""Send again the hints of events whose first hint was lost with its process."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from smartscope.models import Event
from smartscope.operations.signals import event_committed

#: hints are sent at the commit; only what is older than this was lost
LATE = timedelta(seconds=2)
MOST_PER_ROUND = 500


def publish_events() -> int:
    """Mark unpublished events as published and hint at the last of them; how many."""
    with transaction.atomic():
        late = list(
            Event.objects.select_for_update(no_key=True, skip_locked=True)
            .filter(published_at__isnull=True, time__lt=timezone.now() - LATE)
            .order_by("seq")[:MOST_PER_ROUND]
        )
        Event.objects.filter(pk__in=[event.seq for event in late]).update(
            published_at=timezone.now()
        )
    if late:
        event = late[-1]
        event_committed.send_robust(
            sender=Event, seq=event.seq, kind=event.kind, session=None, microscope=None
        )
    return len(late)
