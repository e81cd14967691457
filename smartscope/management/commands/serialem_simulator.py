"""`manage.py serialem_simulator`: the simulated microscope on SerialEM's port, for any client."""

from __future__ import annotations

import json
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

DEFAULT_PORT = 48888
LOOK_EVERY_S = 0.5


class Command(BaseCommand):
    help = (
        "Put a simulated microscope on the port where SerialEM listens, on this machine only, "
        "until told to end. See docs/simulator.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--listen",
            default="127.0.0.1",
            metavar="ADDRESS",
            help="this machine only unless it is said; nobody is asked who they are",
        )
        parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="SerialEM's port")
        parser.add_argument(
            "--control-port", type=int, default=0, help="time, faults, log, truth; 0: a free one"
        )
        parser.add_argument("--directory", type=Path, help="where the world is kept")
        parser.add_argument("--seed", type=int, default=7, help="of the microscope and its grids")
        parser.add_argument(
            "--speed", default="1", help="simulated seconds per real second, or instant"
        )
        parser.add_argument("--camera", default="mini", help="mini, K2, K3 or Falcon 4")
        parser.add_argument("--grids", help='JSON: {"1": {"preset": "good", "mesh": "300"}}')
        parser.add_argument("--faults", type=Path, help="a JSON file with a list of faults")
        parser.add_argument("--serialem-version", default="4.1", help="4.0, 4.1, 4.2 or 4.3")
        parser.add_argument("--orientation", type=int, default=0, help="of the camera, 0 to 7")

    def handle(self, *args: Any, **options: Any) -> None:
        from smartscope.domain.errors import SmartscopeError
        from smartscope.microscope.simulator.server import SimulatorServer

        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        try:
            server = SimulatorServer(
                _settings(options),
                host=options["listen"],
                port=options["port"],
                control_port=options["control_port"],
            )
        except SmartscopeError as error:
            raise CommandError(str(error)) from error
        with server:
            self.stdout.write(
                f"SerialEM's port {server.port}, control port {server.control_port}, on "
                f"{options['listen']} only. It is a simulation."
            )
            sys.stdout.flush()
            while not stop.wait(LOOK_EVERY_S):
                if not server.alive:
                    break


def _settings(options: dict[str, Any]) -> dict[str, object]:
    settings: dict[str, object] = {
        "data_dir": _directory(options),
        "seed": options["seed"],
        "clock": _speed(options["speed"]),
        "camera": options["camera"],
        "serialem_version": options["serialem_version"],
        "orientation": options["orientation"],
    }
    if options["grids"]:
        settings["grids"] = _json(options["grids"], "--grids")
    if options["faults"]:
        settings["faults"] = _json(options["faults"].read_text(), "--faults")
    return settings


def _directory(options: dict[str, Any]) -> Path:
    from django.conf import settings

    chosen: Path | None = options["directory"]
    return chosen or Path(settings.DATA_DIR).parent / "serialem_simulator" / str(options["seed"])


def _speed(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


def _json(text: str, option: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise CommandError(f"{option} is no JSON: {error}.") from error
