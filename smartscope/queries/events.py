"""Reading the event log: where it stands, and what came after a position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Min, Q, QuerySet

from smartscope.models import Event, EventCounter
from smartscope.queries.visible import Reader, visible_events

MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class LogPosition:
    """What a client needs to resume: which log, and how far back and forward it reaches."""

    log_id: UUID | None
    oldest_seq: int
    head_seq: int


@dataclass(frozen=True, slots=True)
class Topics:
    """What a stream is about; empty means everything the reader may see."""

    sessions: tuple[UUID, ...] = ()
    microscopes: tuple[UUID, ...] = ()

    @property
    def everything(self) -> bool:
        return not self.sessions and not self.microscopes


def head_seq() -> int:
    """The newest event's number; 0 before the first."""
    return EventCounter.objects.filter(pk=1).values_list("seq", flat=True).first() or 0


def log_position() -> LogPosition:
    """Where the log begins and ends."""
    counter = EventCounter.objects.filter(pk=1).first()
    oldest = Event.objects.aggregate(oldest=Min("seq"))["oldest"]
    if counter is None:
        return LogPosition(None, 0, 0)
    return LogPosition(counter.log_id, oldest or 0, counter.seq)


def events_after(
    reader: Reader, after: int, topics: Topics, *, limit: int = MOST_AT_ONCE
) -> Sequence[Event]:
    """Events beyond `after` that the reader may see now, oldest first."""
    return list(
        _about(visible_events(reader), topics).filter(seq__gt=after).order_by("seq")[:limit]
    )


def last_seq_until(reader: Reader, until: int, topics: Topics) -> int | None:
    """The newest event of these topics up to `until`: what a resuming client saw last."""
    rows = _about(visible_events(reader), topics).filter(seq__lte=until)
    return rows.order_by("-seq").values_list("seq", flat=True).first()


def _about(events: QuerySet[Event], topics: Topics) -> QuerySet[Event]:
    if topics.everything:
        return events
    return events.filter(Q(session__in=topics.sessions) | Q(microscope__in=topics.microscopes))
