"""`python -m smartscope.demo.simulator PORT CONTROL_PORT SETTINGS`: the demo's microscope, as the
computer that SerialEM would run on: a process of its own, on this machine only.

`manage.py serialem_simulator` is the same for people; without Django it is there a second sooner.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Mapping

from smartscope.domain.errors import SmartscopeError
from smartscope.microscope.simulator.server import SimulatorServer

LOOK_EVERY_S = 0.5


def serve(port: int, control_port: int, settings: Mapping[str, object]) -> None:
    """Serve until SIGTERM. Raises what ended the server before."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with SimulatorServer(settings, port=port, control_port=control_port) as server:
        while server.alive and not stop.wait(LOOK_EVERY_S):
            pass


if __name__ == "__main__":
    try:
        serve(int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]))
    except SmartscopeError as error:
        sys.exit(str(error))
