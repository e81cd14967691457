"""The control port: simulated time, planned faults, the command log and the truth, as JSON lines.

One request object a line, one answer object a line; an error answers {"error": sentence}. Nothing
of it exists on a real instrument, and it listens on loopback only.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

from smartscope.domain.errors import SmartscopeError
from smartscope.microscope.errors import BadInstrumentSettings
from smartscope.microscope.simulator.console import Action
from smartscope.microscope.simulator.faults import plan_from
from smartscope.microscope.simulator.receiving import interrupt, listen
from smartscope.microscope.simulator.server_settings import Instrument
from smartscope.microscope.simulator.truth_answers import truth

LONGEST_LINE = 1 << 20
ACCEPT_EVERY_S = 0.1
#: real seconds after which a waiting clock looks again
SLICE_S = 0.05


class ControlPort:
    """Listens beside SerialEM's port; each connection has a thread, ended by `closing`."""

    def __init__(
        self, instrument: Instrument, address: tuple[str, int], closing: threading.Event
    ) -> None:
        self._instrument = instrument
        self._closing = closing
        self._listener = listen(*address)
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._lines: list[socket.socket] = []
        self._accepting = threading.Thread(target=self._accept, name="simulator's control port")

    def start(self) -> None:
        """Begin to answer."""
        self._accepting.start()

    def close(self) -> None:
        """Every thread has ended when this returns; call it after `closing` is set."""
        if self._accepting.ident is not None:
            self._accepting.join()
        self._listener.close()
        for line in self._lines:
            interrupt(line)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        self._listener.settimeout(ACCEPT_EVERY_S)
        while not self._closing.is_set():
            try:
                line, _ = self._listener.accept()
            except TimeoutError:
                continue
            line.settimeout(None)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._answer, args=(line,), name="control client")
            self._lines.append(line)
            self._threads.append(thread)
            thread.start()

    def _answer(self, line: socket.socket) -> None:
        with line, line.makefile("rb") as requests:
            while True:
                try:
                    raw = requests.readline(LONGEST_LINE)
                    if not raw.endswith(b"\n"):
                        return
                    answer = answer_to(self._instrument, raw)
                    line.sendall(json.dumps(answer, separators=(",", ":")).encode() + b"\n")
                except OSError:
                    return


def answer_to(instrument: Instrument, raw: bytes) -> dict[str, Any]:
    """The answer to one line."""
    try:
        request = json.loads(raw)
    except ValueError:
        return {"error": "That line is no JSON object."}
    if not isinstance(request, dict) or request.get("do") not in _VERBS:
        return {"error": f"Say what to do: {', '.join(_VERBS)}."}
    try:
        return _VERBS[request["do"]](instrument, request)
    except (SmartscopeError, ValueError, TypeError, KeyError) as error:
        return {"error": str(error) or type(error).__name__}


def _now(instrument: Instrument, request: Mapping[str, Any]) -> dict[str, Any]:
    clock = instrument.clock
    return {"now_s": clock.now(), "speed": clock.speed, "simulated": True}


def _advance(instrument: Instrument, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return when simulated time has reached `to_s`; commands are served meanwhile.

    With a speed it waits really, in slices outside the lock, so that nobody's command waits for it.
    """
    to_s, clock, control = float(request["to_s"]), instrument.clock, instrument.control
    while clock.now() < to_s and not instrument.closing.is_set():
        until_s = to_s
        if clock.speed is not None:
            until_s = min(to_s, clock.now() + SLICE_S * clock.speed)
            instrument.closing.wait((until_s - clock.now()) / clock.speed)
        with control.lock:
            clock.catch_up(until_s)
    with control.lock, instrument.scope.world.held():
        control.program.slow_files.go_on(clock.now())
        control.program.close_idle_valves()
    return {"now_s": clock.now()}


def _faults(instrument: Instrument, request: Mapping[str, Any]) -> dict[str, Any]:
    plan = plan_from(request.get("plan"))
    instrument.control.plan(plan)
    return {"planned": len(plan)}


def _log(instrument: Instrument, request: Mapping[str, Any]) -> dict[str, Any]:
    return {"log": instrument.control.log.after(int(request.get("after", 0)))}


def _console(instrument: Instrument, request: Mapping[str, Any]) -> dict[str, Any]:
    name = str(request.get("action", ""))
    if name not in list(Action):
        raise BadInstrumentSettings(f"The console has no {name!r}; it has {', '.join(Action)}.")
    instrument.control.press(Action(name))
    return {"pressed": name}


def _busy(instrument: Instrument, request: Mapping[str, Any]) -> dict[str, Any]:
    """An operator works at SerialEM, or has finished."""
    instrument.control.busy = request.get("on", True) is True
    return {"busy": instrument.control.busy}


def _release(instrument: Instrument, request: Mapping[str, Any]) -> dict[str, Any]:
    instrument.control.released.set()
    return {"released": True}


def _state(instrument: Instrument, request: Mapping[str, Any]) -> dict[str, Any]:
    control = instrument.control
    return {
        "held": control.held,
        "busy": control.busy,
        "hanging": control.hanging,
        "connection": control.connection,
        "epoch": control.epoch,
        "log_window": list(control.program.log),
    }


def _truth(instrument: Instrument, request: Mapping[str, Any]) -> dict[str, Any]:
    return truth(instrument.scope, request)


_Verb = Callable[[Instrument, Mapping[str, Any]], dict[str, Any]]
_VERBS: Mapping[str, _Verb] = {
    "now": _now,
    "advance": _advance,
    "faults": _faults,
    "log": _log,
    "truth": _truth,
    "console": _console,
    "busy": _busy,
    "release": _release,
    "state": _state,
}
