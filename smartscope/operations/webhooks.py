"""The facility's staff say where events are sent; what was sent can be sent again."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.domain.errors import InvalidInput, NotFound
from smartscope.domain.outbound import read_outbound
from smartscope.domain.webhook_signature import new_secret
from smartscope.models import Webhook, WebhookDelivery, WebhookState
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.queries.events import head_seq
from smartscope.queries.rights import require_staff


@transaction.atomic
def add_webhook(actor: Actor, *, name: str, url: str, kinds: Sequence[str]) -> Webhook:
    """From the next event on. Raises NotAllowed, and InvalidInput where nothing may be sent."""
    require_staff(actor)
    if isinstance(problem := read_outbound(url, settings.OUTBOUND_HOSTS), str):
        raise InvalidInput({"url": problem})
    row = Webhook.objects.create(
        name=name,
        url=url,
        kinds=list(kinds),
        secret=new_secret(),
        after_seq=head_seq(),
        author_id=actor.user_id,
    )
    _tell(actor, row, before=None, after={"webhook": name, "kinds": list(kinds)})
    return row


@transaction.atomic
def enable_webhook(actor: Actor, webhook_id: UUID, *, enabled: bool) -> Webhook:
    """Enabled anew it goes on with the next event: what came meanwhile is replayed by hand."""
    require_staff(actor)
    row = _locked(webhook_id)
    if row.enabled != enabled:
        row.enabled = enabled
        row.after_seq = head_seq() if enabled else row.after_seq
        row.version += 1
        row.save()
        _tell(actor, row, before={"enabled": not enabled}, after={"enabled": enabled})
    return row


@transaction.atomic
def delete_webhook(actor: Actor, webhook_id: UUID) -> None:
    """Its deliveries go with it."""
    require_staff(actor)
    row = _locked(webhook_id)
    _tell(actor, row, before={"webhook": row.name}, after=None)
    row.delete()


@transaction.atomic
def replay_delivery(actor: Actor, delivery_id: UUID) -> WebhookDelivery:
    """Send it again, whatever became of it, under the same id."""
    require_staff(actor)
    rows = WebhookDelivery.objects.select_for_update(of=("self",), no_key=True)
    row = rows.select_related("webhook").filter(pk=delivery_id).first()
    if row is None:
        raise NotFound("There is no such delivery that you may see.")
    row.state, row.due_at, row.began_at = WebhookState.WANTED, timezone.now(), None
    row.attempts = 0
    row.version += 1
    row.save()
    record_event("webhook.replayed", actor, Scope(), Told(subjects=[row.webhook_id]))
    return row


def _locked(webhook_id: UUID) -> Webhook:
    row = Webhook.objects.select_for_update(no_key=True).filter(pk=webhook_id).first()
    if row is None:
        raise NotFound("There is no such webhook that you may see.")
    return row


def _tell(
    actor: Actor, row: Webhook, *, before: dict[str, object] | None, after: dict[str, object] | None
) -> None:
    told = Told(subjects=[row.pk], before=before, after=after)
    record_event("webhook.changed", actor, Scope(), told)
