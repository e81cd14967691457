"""A browser's side of a WebSocket, spoken to the ASGI application itself."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from asgiref.testing import ApplicationCommunicator

#: seconds a test waits for an answer that must come
PATIENCE = 10


class Browser(ApplicationCommunicator):
    """Connects, sends text, and reads JSON frames until the server closes."""

    def __init__(self, application: Any, address: str, headers: list[tuple[bytes, bytes]]) -> None:
        parts = urlsplit(address)
        scope = {
            "type": "websocket",
            "path": parts.path,
            "query_string": parts.query.encode(),
            "headers": headers,
            "subprotocols": [],
            "scheme": "ws",
        }
        super().__init__(application, scope)  # type: ignore[no-untyped-call]
        self.accepted = False

    async def connect(self) -> None:
        await self.send_input({"type": "websocket.connect"})  # type: ignore[no-untyped-call]
        answer = await self.receive_output(PATIENCE)  # type: ignore[no-untyped-call]
        self.accepted = answer["type"] == "websocket.accept"

    async def disconnect(self) -> None:
        if self.accepted:
            await self.send_input({"type": "websocket.disconnect", "code": 1000})  # type: ignore[no-untyped-call]
        await self.wait(PATIENCE)  # type: ignore[no-untyped-call]

    async def text(self, text: str) -> None:
        await self.send_input({"type": "websocket.receive", "text": text})  # type: ignore[no-untyped-call]

    async def say(self, **message: Any) -> None:
        await self.text(json.dumps(message))

    async def told(self, *, besides: str = "heartbeat") -> dict[str, Any]:
        """The next frame that is not of that type."""
        while True:
            output = await self.receive_output(PATIENCE)  # type: ignore[no-untyped-call]
            assert output["type"] == "websocket.send", output
            frame: dict[str, Any] = json.loads(output["text"])
            if frame["type"] != besides:
                return frame

    async def closed(self) -> int:
        """The code with which the server closed."""
        while True:
            output = await self.receive_output(PATIENCE)  # type: ignore[no-untyped-call]
            if output["type"] == "websocket.close":
                return int(output["code"])
