"""What the sweeper does for webhooks: plan, and hint to a worker at each that is due."""

from __future__ import annotations

import logging
from datetime import datetime

from smartscope.operations.deliver_webhooks import due_webhooks, plan_webhooks

log = logging.getLogger(__name__)


def nudge_webhooks(now: datetime) -> int:
    """How many workers were hinted; without a broker the next round tries again."""
    from kombu.exceptions import OperationalError

    from workers.tasks import deliver_webhook

    plan_webhooks(now)
    hinted = 0
    for delivery in due_webhooks(now):
        try:
            deliver_webhook.apply_async(args=[str(delivery)], retry=False)
        except (OperationalError, OSError) as error:
            log.warning("No broker to hint at webhook delivery %s: %s", delivery, error)
            break
        hinted += 1
    return hinted
