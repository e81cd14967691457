"""Tell the person on call by the agent's own channels, without holding up the closing of valves."""

from __future__ import annotations

import logging
import threading
from queue import Empty, SimpleQueue

log = logging.getLogger(__name__)

#: seconds for one message to one channel, and how often it is tried
LIMIT_S = 15.0
TRIES = 3


class Pager:
    """Messages leave from a thread of their own, in order."""

    def __init__(self, urls: tuple[str, ...]) -> None:
        self._urls = urls
        self._waiting: SimpleQueue[tuple[str, str]] = SimpleQueue()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._send_all, name="pager", daemon=True)
        self._thread.start()

    def page(self, title: str, body: str) -> None:
        """Returns at once; what cannot be sent is logged."""
        log.critical("%s: %s", title, body)
        self._waiting.put((title, body))

    def close(self, timeout_s: float = LIMIT_S) -> None:
        """Send what waits, then end."""
        self._ended.set()
        self._thread.join(timeout_s)

    def _send_all(self) -> None:
        while not (self._ended.is_set() and self._waiting.empty()):
            try:
                title, body = self._waiting.get(timeout=0.1)
            except Empty:
                continue
            for url in self._urls:
                self._send(url, title, body)

    def _send(self, url: str, title: str, body: str) -> None:
        import apprise

        asset = apprise.AppriseAsset(app_id="smartscope", async_mode=False, service_timeout=LIMIT_S)
        for attempt in range(1, TRIES + 1):
            messenger = apprise.Apprise(asset=asset)
            try:
                if messenger.add(url) and messenger.notify(body=body, title=title):
                    return
            # a channel's library may raise anything, and the next channel must still be tried
            except Exception:
                log.exception("a channel of the pager failed")
            log.error(
                "page not taken by channel %d, attempt %d", self._urls.index(url) + 1, attempt
            )
