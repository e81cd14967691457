"""Which events are sent where, one at a time: written down, claimed, and only then sent.

    wanted -> sending -> sent, or wanted again after a growing pause, for a day; then failed

A sender that died is waited for and its message sent again: at least once, under the same id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from smartscope.domain.actor import ALARMS
from smartscope.domain.alarms import Level
from smartscope.models import Event, Webhook, WebhookDelivery, WebhookState
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.raise_alarm import raise_alarm

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=3)
#: tried for so long, then given up and the webhook switched off
TRIES_FOR = timedelta(hours=24)
#: longer than any sending takes
SENDING_LIMIT = timedelta(minutes=2)
MOST_PER_ROUND = 200
#: events about webhooks themselves would never end
OWN = "webhook."


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One delivery that is ours to send."""

    delivery: UUID
    url: str
    secret: str
    event: Event


def plan_webhooks(now: datetime) -> int:
    """Write down what is to be sent of the events since the last round; how many are new."""
    return sum(_plan(pk, now) for pk in Webhook.objects.filter(enabled=True).values_list("pk"))


@transaction.atomic
def _plan(found: tuple[UUID], now: datetime) -> int:
    webhook = Webhook.objects.select_for_update(no_key=True).filter(pk=found[0]).first()
    if webhook is None or not webhook.enabled:
        return 0
    events = list(Event.objects.filter(seq__gt=webhook.after_seq).order_by("seq")[:MOST_PER_ROUND])
    if not events:
        return 0
    wanted = [one for one in events if _is_wanted(one.kind, webhook.kinds)]
    rows = [
        WebhookDelivery(webhook=webhook, seq=one.seq, kind=one.kind, due_at=now) for one in wanted
    ]
    WebhookDelivery.objects.bulk_create(rows, ignore_conflicts=True)
    Webhook.objects.filter(pk=webhook.pk).update(after_seq=events[-1].seq)
    return len(rows)


def due_webhooks(now: datetime) -> Sequence[UUID]:
    """Deliveries to be tried now, oldest first."""
    died = Q(state=WebhookState.SENDING, claimed_at__lt=now - SENDING_LIMIT)
    rows = WebhookDelivery.objects.filter(
        Q(state=WebhookState.WANTED, due_at__lte=now) | died, webhook__enabled=True
    )
    return list(rows.order_by("seq").values_list("pk", flat=True)[:MOST_PER_ROUND])


@transaction.atomic(durable=True)
def claim_webhook(delivery_id: UUID, now: datetime) -> Message | None:
    """Committed as being sent; None where another sender has it, or nothing is due."""
    rows = WebhookDelivery.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
    row = rows.select_related("webhook").filter(pk=delivery_id, webhook__enabled=True).first()
    if row is None or not _is_due(row, now):
        return None
    event = Event.objects.filter(seq=row.seq).first()
    if event is None:
        row.delete()
        return None
    row.state, row.claimed_at = WebhookState.SENDING, now
    row.began_at = row.began_at or now
    row.attempts += 1
    row.save()
    webhook = row.webhook
    return Message(delivery=row.pk, url=webhook.url, secret=webhook.secret, event=event)


@transaction.atomic
def note_webhook(
    delivery_id: UUID, *, status_code: int | None, answer: str, taken: bool, now: datetime
) -> None:
    """What became of it; after a day of trying the webhook is switched off, with an alarm."""
    rows = WebhookDelivery.objects.select_for_update(no_key=True, of=("self",))
    row = rows.select_related("webhook").get(pk=delivery_id)
    row.status_code, row.answer = status_code, answer[:300]
    if taken:
        row.state, row.sent_at = WebhookState.SENT, now
    elif now - (row.began_at or now) >= TRIES_FOR:
        row.state = WebhookState.FAILED
        _give_up(row.webhook, row.answer)
    else:
        row.state, row.due_at = WebhookState.WANTED, now + pause_after(row.attempts)
    row.version += 1
    row.save()


def pause_after(attempts: int) -> timedelta:
    """10 s, doubled each time, 3 h at most."""
    return min(FIRST_PAUSE * 2.0 ** min(attempts - 1, 20), LONGEST_PAUSE)


def _is_due(row: WebhookDelivery, now: datetime) -> bool:
    if row.state == WebhookState.SENDING:
        return row.claimed_at is not None and row.claimed_at < now - SENDING_LIMIT
    return row.state == WebhookState.WANTED and row.due_at <= now


def _is_wanted(kind: str, kinds: Sequence[str]) -> bool:
    if kind.startswith(OWN):
        return False
    return not kinds or any(kind.startswith(one) for one in kinds)


def _give_up(webhook: Webhook, answer: str) -> None:
    Webhook.objects.filter(pk=webhook.pk).update(enabled=False)
    told = Told(subjects=[webhook.pk], before={"enabled": True}, after={"enabled": False})
    record_event("webhook.changed", ALARMS, Scope(), told)
    raise_alarm(
        key="webhook.failing",
        microscope=None,
        level=Level.MINOR,
        text=f"Webhook {webhook.name} was not taken for a day and is switched off: {answer}"[:300],
        advice="Mend its receiver, switch it on under Developer, and replay what is missing.",
    )
