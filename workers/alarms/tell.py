"""One round of telling people: whom the ladder reaches, sent one by one, each outcome kept."""

from __future__ import annotations

import logging
from datetime import datetime

from smartscope.operations.deliver_alarms import claim_delivery, note_delivery, plan_deliveries
from workers.alarms.channel import send
from workers.alarms.words import words_of

log = logging.getLogger(__name__)

#: so that a dead channel does not keep the sweeper from its other work
MOST_PER_ROUND = 8


def tell_people(now: datetime, *, most: int = MOST_PER_ROUND) -> int:
    """How many messages were tried. Messages beyond `most` wait for the next round."""
    plan_deliveries(now)
    for tried in range(most):
        message = claim_delivery(now)
        if message is None:
            return tried
        answer = send(message.url, words_of(message.alarm))
        if answer:
            log.warning("alarm %s was not delivered: %s", message.alarm.key, answer)
        note_delivery(message.delivery, answer)
    return most
