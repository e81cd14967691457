"""One webhook delivery: claimed, signed, sent, and its outcome kept."""

from __future__ import annotations

import json
import logging
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from smartscope.domain.webhook_signature import signed_headers
from smartscope.models import Event
from smartscope.operations.deliver_webhooks import claim_webhook, note_webhook
from workers.webhooks.post import post

log = logging.getLogger(__name__)


def deliver(delivery_id: UUID) -> bool:
    """Whether it was tried; another sender may have it."""
    message = claim_webhook(delivery_id, timezone.now())
    if message is None:
        return False
    body = body_of(message.event)
    sent_at = int(timezone.now().timestamp())
    signed = signed_headers(message.secret, str(message.delivery), sent_at, body)
    headers = {"Content-Type": "application/json", "User-Agent": "smartscope", **signed}
    answer = post(message.url, body, headers, settings.OUTBOUND_HOSTS)
    if not answer.taken:
        log.warning("webhook delivery %s was not taken: %s", delivery_id, answer.text)
    note_webhook(
        message.delivery,
        status_code=answer.status_code,
        answer=answer.text,
        taken=answer.taken,
        now=timezone.now(),
    )
    return True


def body_of(event: Event) -> bytes:
    """As thin as on every other door: what changed is read where it lives, with a token."""
    data = {
        "seq": event.seq,
        "microscope": event.microscope,
        "session": event.session,
        "grid": event.grid,
        "subjects": event.subjects,
        "count": event.count,
        "actor": {"type": event.actor_type, "name": event.actor_name},
    }
    told = {"type": event.kind, "timestamp": event.time.isoformat(), "data": data}
    return json.dumps(told, default=str).encode()
