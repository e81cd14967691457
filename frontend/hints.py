"""Wakes the open browsers after a commit; a hint that is lost makes a page slower, never wrong.

The sender may be the bridge, which must not wait for Redis: a send takes at most `SEND_LIMIT_S`,
and after a failure none is tried for `REST_S`. Readers of the event log notice by themselves.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from smartscope.event_feed import GROUP

log = logging.getLogger(__name__)

SEND_LIMIT_S = 0.5
REST_S = 5.0


class _Rest:
    """Until when nothing is sent; shared by the threads of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until_s = 0.0

    def is_on(self) -> bool:
        with self._lock:
            return time.monotonic() < self._until_s

    def begin(self) -> None:
        with self._lock:
            self._until_s = time.monotonic() + REST_S


_rest = _Rest()


def pass_on(*, seq: int, kind: str, **_ignored: Any) -> None:
    """Tell the group of open streams that the log has grown to `seq`."""
    if _rest.is_on():
        return
    try:
        async_to_sync(_send)({"type": "event.committed", "seq": seq, "kind": kind})
    except Exception as problem:  # noqa: BLE001 (a lost hint must not fail the change it tells of)
        _rest.begin()
        log.warning(
            "The hint for event %d was lost (%s); readers look by themselves.", seq, problem
        )


async def _send(message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is not None:
        async with asyncio.timeout(SEND_LIMIT_S):
            await layer.group_send(GROUP, message)
