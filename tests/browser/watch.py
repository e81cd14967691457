"""What a page must never do: log an error, or ask anybody but its own server."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page


class Watch:
    """Listens to one page; `expected` are patterns of errors that a test provokes itself."""

    def __init__(self, page: Page, address: str) -> None:
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self.expected: list[str] = []
        self._site = urlsplit(address)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._logged)
        page.on("request", lambda request: self._asked(request.url))
        page.on("websocket", lambda socket: self._asked(socket.url))

    def _logged(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        own = parts.netloc == self._site.netloc and parts.path.startswith(self._site.path)
        if parts.scheme not in ("data", "blob") and not own:
            self.foreign.append(url)

    def verdict(self) -> None:
        unexpected = [e for e in self.errors if not any(re.search(p, e) for p in self.expected)]
        assert not unexpected, f"the page logged errors: {unexpected}"
        assert not self.foreign, f"the page asked elsewhere: {self.foreign}"
