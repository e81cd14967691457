"""Append one Event in the transaction of the change it tells about.

`seq` comes from one counter row, taken here: call this last, so that the log is gapless and in
commit order and the counter is held only briefly. Lock order everywhere: rows, counter, lease.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.models import Event
from smartscope.operations.signals import event_committed

#: beyond this an event names only how many it concerned
MOST_SUBJECTS = 500


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an event belongs, which decides who may see it."""

    microscope: UUID | None = None
    session: UUID | None = None
    grid: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What changed: the rows concerned, their values before and after, and why."""

    subjects: Sequence[UUID] = ()
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    reason: str = ""
    changeset: UUID | None = None
    epoch: int | None = None


def record_event(kind: str, actor: Actor, scope: Scope, told: Told) -> Event:
    """Write the row and send its hint on commit; must run inside the change's transaction."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            f"Event {kind} must be written in the transaction of its change."
        )
    event = Event.objects.create(
        seq=_next_seq(),
        kind=kind,
        time=timezone.now(),
        microscope=scope.microscope,
        session=scope.session,
        grid=scope.grid,
        subjects=[str(subject) for subject in told.subjects[:MOST_SUBJECTS]],
        count=max(1, len(told.subjects)),
        changeset=told.changeset,
        actor_type=actor.kind,
        actor_name=actor.name,
        actor_user=actor.user_id,
        token=actor.token_id,
        epoch=told.epoch,
        before=told.before,
        after=told.after,
        reason=told.reason[:300],
    )
    transaction.on_commit(lambda: _hint(event), robust=True)
    return event


def _next_seq() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO smartscope_eventcounter (id, seq, log_id) "
            "VALUES (1, 1, gen_random_uuid()) "
            "ON CONFLICT (id) DO UPDATE SET seq = smartscope_eventcounter.seq + 1 "
            "RETURNING seq"
        )
        row = cursor.fetchone()
    return int(row[0])


def _hint(event: Event) -> None:
    event_committed.send_robust(
        sender=Event,
        seq=event.seq,
        kind=event.kind,
        session=None if event.session is None else str(event.session),
        microscope=None if event.microscope is None else str(event.microscope),
    )
