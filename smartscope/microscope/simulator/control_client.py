"""The client side of the control port: for tests, benchmarks, the demo and the remote clock."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from smartscope.microscope.errors import BadInstrumentSettings, ConnectionLost

LOOPBACK = "127.0.0.1"
ANSWER_TIMEOUT_S = 60.0


class ControlClient:
    """One connection to a simulator's control port; may be shared between threads."""

    def __init__(self, port: int, *, host: str = LOOPBACK) -> None:
        """Connects at the first request."""
        self._address = (host, port)
        self._guard = threading.Lock()
        self._line: socket.socket | None = None

    def ask(self, do: str, *, timeout_s: float | None = ANSWER_TIMEOUT_S, **what: Any) -> Any:
        """One request and its answer. Raises BadInstrumentSettings for one that it refuses."""
        with self._guard:
            answer = self._exchange({"do": do, **what}, timeout_s)
        if "error" in answer:
            raise BadInstrumentSettings(f"The simulator's control port: {answer['error']}")
        return answer

    def now_s(self) -> float:
        """Simulated seconds since the epoch."""
        return float(self.ask("now")["now_s"])

    def advance(self, to_s: float) -> float:
        """Let simulated time pass; really waits when the clock has a speed."""
        return float(self.ask("advance", to_s=to_s, timeout_s=None)["now_s"])

    def faults(self, plan: Sequence[dict[str, Any]]) -> None:
        """Plan further faults."""
        self.ask("faults", plan=list(plan))

    def log(self, after: int = 0) -> list[dict[str, Any]]:
        """The command log's entries with higher numbers."""
        entries: list[dict[str, Any]] = self.ask("log", after=after)["log"]
        return entries

    def truth(self, what: str, **of: Any) -> Any:
        """The truth, see `truth_answers`."""
        return self.ask("truth", what=what, **of)

    def press(self, action: str) -> None:
        """A button of the console."""
        self.ask("console", action=action)

    def release(self) -> None:
        """Click a message box away."""
        self.ask("release")

    def close(self) -> None:
        """Hang up; a later request connects anew."""
        with self._guard:
            self._hang_up()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _exchange(self, request: dict[str, Any], timeout_s: float | None) -> dict[str, Any]:
        try:
            if self._line is None:
                self._line = socket.create_connection(self._address, timeout=ANSWER_TIMEOUT_S)
                self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._line.settimeout(timeout_s)
            self._line.sendall(json.dumps(request).encode() + b"\n")
            return self._read()
        except (OSError, ValueError) as error:
            self._hang_up()
            host, port = self._address
            raise ConnectionLost(
                f"The simulator's control port {host}:{port} does not answer ({error}); is the "
                "simulator running?"
            ) from error

    def _read(self) -> dict[str, Any]:
        assert self._line is not None
        content = bytearray()
        while not content.endswith(b"\n"):
            piece = self._line.recv(1 << 20)
            if not piece:
                raise ConnectionResetError("it hung up")
            content += piece
        answer: dict[str, Any] = json.loads(content)
        return answer

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None
