"""Seal what was added to the event log since the last seal; called by the sweeper."""

from __future__ import annotations

from django.db import connection, transaction

from smartscope.models import Event, EventSeal
from smartscope.queries.event_chain import digest_of, head, seal_of

#: events in one seal; what is left waits for the next round
MOST = 1_000


@transaction.atomic
def seal_events(most: int = MOST) -> int:
    """How many events were sealed. `seq` has no gaps and commits in order, so nothing is skipped.

    A log that was begun before seals were made is sealed from its oldest event on. Of two sweepers
    one seals, the other comes again.
    """
    if not _alone():
        return 0
    sealed_up_to, previous = head()
    events = list(Event.objects.filter(seq__gt=sealed_up_to).order_by("seq")[:most])
    if not events:
        return 0
    digests = [digest_of(event) for event in events]
    EventSeal.objects.create(
        first_seq=events[0].seq,
        last_seq=events[-1].seq,
        digests=digests,
        sha256=seal_of(previous, digests),
    )
    return len(events)


def _alone() -> bool:
    """Whether nobody else seals now; ends with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('smartscope.seal_events'))")
        return bool(cursor.fetchone()[0])
