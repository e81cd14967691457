"""Reading the event log: where it stands, and what came after a position."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Min, Q, QuerySet

from smartscope.domain.errors import InvalidInput, NotFound
from smartscope.models import Event, EventCounter
from smartscope.queries.prepared import rows_of
from smartscope.queries.visible import (
    Reader,
    visible_events,
    visible_microscopes,
    visible_sessions,
)

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

    def cover(self, event: Event) -> bool:
        """Whether that event is about them."""
        return (
            self.everything
            or event.session in self.sessions
            or event.microscope in self.microscopes
        )


def head_seq() -> int:
    """The newest event's number; 0 before the first."""
    found = rows_of("head", lambda: EventCounter.objects.filter(pk=1), {})
    return int(found[0].seq) if found else 0


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


def what_of(event: Event) -> str:
    """The one word that a kind leaves open: which command was wished, which step was begun."""
    after = event.after or {}
    return next((str(after[name]) for name in ("type", "kind", "command") if after.get(name)), "")


def topics_of(reader: Reader, names: Iterable[str]) -> Topics:
    """The topics named `session:<id or name>` and `microscope:<id or name>`.

    Raises InvalidInput for another form and NotFound for what the reader may not see.
    """
    sessions, microscopes = [], []
    for name in names:
        kind, _, key = name.partition(":")
        if kind == "session":
            sessions.append(_found(visible_sessions(reader), key))
        elif kind == "microscope":
            microscopes.append(_found(visible_microscopes(reader), key))
        else:
            raise InvalidInput({"topics": "write session:<id> or microscope:<id>."})
    return Topics(tuple(sessions), tuple(microscopes))


def means_nothing(position: LogPosition, after: int, log_id: str | None) -> bool:
    """Whether a client's position is of another log, or beyond what this one holds."""
    foreign = log_id is not None and log_id != str(position.log_id)
    return foreign or after > position.head_seq or after + 1 < position.oldest_seq


def _found(rows: QuerySet[Any], key: str) -> UUID:
    try:
        named = Q(pk=UUID(key))
    except ValueError:
        named = Q(name=key.replace("\0", ""))
    found: UUID | None = rows.filter(named).values_list("pk", flat=True).first()
    if found is None:
        raise NotFound(f"There is no {key[:60]!r} that you may see.")
    return found


def _about(events: QuerySet[Event], topics: Topics) -> QuerySet[Event]:
    if topics.everything:
        return events
    return events.filter(Q(session__in=topics.sessions) | Q(microscope__in=topics.microscopes))
