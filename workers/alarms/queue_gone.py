"""Without Redis no worker hears of an analysis and no page of news: told when it stays away."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from smartscope.domain.alarms import Level
from workers.alarms.condition import Condition, settle

log = logging.getLogger(__name__)

#: a restart of Redis wakes nobody
PATIENCE_S = 60.0
#: seconds for one look: the sweeper has other work too
LIMIT_S = 1.0


class QueueGone:
    """Looks at the queue once per round of the sweeper and remembers since when it is away."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._since_s: float | None = None

    def watch(self) -> None:
        """Raise queue.gone, or say that it is over."""
        now_s = self._now()
        if _answers():
            self._since_s = None
        elif self._since_s is None:
            self._since_s = now_s
        gone = self._since_s is not None and now_s - self._since_s >= PATIENCE_S
        settle(
            Condition(
                key="queue.gone",
                level=Level.MAJOR if gone else None,
                text="The queue (Redis) does not answer: images are not analysed, and runs will "
                "wait for them.",
                advice="Start Redis again; nothing is lost, and what waits is hinted at anew.",
            )
        )


def _answers() -> bool:
    try:
        with redis.Redis.from_url(
            settings.QUEUE_URL,
            socket_connect_timeout=LIMIT_S,
            socket_timeout=LIMIT_S,
            retry=Retry(NoBackoff(), 0),
        ) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError, ValueError) as problem:
        log.warning("The queue cannot be reached: %s", type(problem).__name__)
        return False
