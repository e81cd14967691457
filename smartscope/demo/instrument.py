"""The demo's microscope as its two users see it: the process that simulates it, and its row."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from smartscope.demo.cassette import Cassette
from smartscope.demo.ports import LOOPBACK, free_ports
from smartscope.domain.errors import SmartscopeError
from smartscope.microscope.errors import ConnectionLost
from smartscope.microscope.simulator.control_client import ControlClient

LOADER_SLOTS = 12
START_TIMEOUT_S = 60.0
ASK_EVERY_S = 0.05


class SimulatorMissing(SmartscopeError):
    """The simulated microscope did not start in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoInstrument:
    """`world` is where the simulator keeps its specimens' history, `frames` where its camera saves
    movies; `speed` is microscope seconds per second, or "instant".
    """

    cassette: Cassette
    speed: str
    world: Path
    frames: Path
    port: int
    control_port: int

    @classmethod
    def on_free_ports(
        cls, cassette: Cassette, *, speed: str, world: Path, frames: Path
    ) -> DemoInstrument:
        """On two ports of this machine that nobody uses now."""
        port, control_port = free_ports(2)
        return cls(
            cassette=cassette,
            speed=speed,
            world=world,
            frames=frames,
            port=port,
            control_port=control_port,
        )

    def settings(self) -> dict[str, object]:
        """What the simulator is told."""
        return {
            "data_dir": str(self.world),
            "seed": self.cassette.seed,
            "clock": "instant" if self.speed == "instant" else float(self.speed),
            "loader_slots": LOADER_SLOTS,
            "grids": self.cassette.specimens(),
            # the first that tells after a restart which grid is on the stage
            "serialem_version": "4.3",
            # our client needs none
            "header_pause_s": 0.0,
        }

    def command(self) -> list[str]:
        """What starts the simulator."""
        ports = (str(self.port), str(self.control_port))
        module = "smartscope.demo.simulator"
        return [sys.executable, "-m", module, *ports, json.dumps(self.settings())]

    def driver_settings(self) -> dict[str, object]:
        """What the microscope's row says of it."""
        return {
            "host": LOOPBACK,
            "port": self.port,
            "control_port": self.control_port,
            "frames_folder": str(self.frames),
            "frames_mount": str(self.frames),
            "areas": "mini",
        }

    def await_answer(self, meanwhile: Callable[[], None]) -> None:
        """Return when the simulator answers. Raises SimulatorMissing, or what `meanwhile` does."""
        client = ControlClient(self.control_port)
        deadline_s = time.monotonic() + START_TIMEOUT_S
        try:
            while time.monotonic() < deadline_s:
                try:
                    client.now_s()
                except ConnectionLost:
                    meanwhile()
                    time.sleep(ASK_EVERY_S)
                else:
                    return
        finally:
            client.close()
        raise SimulatorMissing(
            f"The simulated microscope did not start within {START_TIMEOUT_S:.0f} s; the log of "
            "the simulator says why."
        )
