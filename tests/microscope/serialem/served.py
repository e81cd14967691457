"""A simulated microscope behind SerialEM's socket, and our driver at the other end of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smartscope.microscope import registry
from smartscope.microscope.base import Microscope, Permit
from smartscope.microscope.registry import connect, open_clock
from smartscope.microscope.simulator.control_client import ControlClient
from smartscope.microscope.simulator.server import SimulatorServer
from tests.microscope.rig import STARTED_S, Leash, Notebook, Rig

#: what only the server, not the driver, is told
OLD = {
    "4.0": {"atlas_state": None, "atlas_mag": 135.0, "cannot_tell": ["vacuum", "beam_current"]},
}


@dataclass(slots=True)
class ServedRig(Rig):
    """A rig whose microscope is reached through a socket, and the server at its other end."""

    server: SimulatorServer
    settings: dict[str, Any]

    @contextmanager
    def again(self, *, epoch: int, permit: Permit | None = None) -> Iterator[Microscope]:
        """A successor's connection, which replaces ours."""
        clock = open_clock("serialem", self.settings)
        chosen = self.leash if permit is None else permit
        microscope = connect("serialem", self.settings, permit=chosen, clock=clock, epoch=epoch)
        try:
            yield microscope
        finally:
            microscope.close()

    def plan(self, *faults: dict[str, Any]) -> None:
        """Let these happen from now on."""
        with ControlClient(self.server.control_port) as control:
            control.faults(faults)

    def sent(self) -> list[str]:
        """The names of all commands that arrived so far."""
        with ControlClient(self.server.control_port) as control:
            return [str(entry["name"]) for entry in control.log()]


@contextmanager
def served(
    directory: Path, *, driver: dict[str, Any] | None = None, **world: Any
) -> Iterator[tuple[ServedRig, SimulatorServer]]:
    """The server in threads of this process, and one connection of our driver to it.

    `world` are settings of the server, `driver` those of the driver.
    """
    chosen = {"data_dir": directory / "world", "seed": 7, "start_time_s": STARTED_S} | world
    chosen.setdefault("header_pause_s", 0.0)
    notebook, leash = Notebook(), Leash()
    with ExitStack() as stack:
        server = stack.enter_context(SimulatorServer(chosen, witness=notebook))
        settings = row_settings(server, directory, str(world.get("serialem_version", "4.1")))
        settings |= {"areas": world.get("camera", "mini")} | (driver or {})
        remembers_empty_stage(server)
        clock = open_clock("serialem", settings)
        microscope = connect("serialem", settings, permit=leash, clock=clock, epoch=3)
        stack.callback(microscope.close)
        scope = server._instrument.scope
        yield ServedRig(microscope, clock, leash, notebook, scope, server, settings), server


def remembers_empty_stage(server: SimulatorServer) -> None:
    """As an earlier night left it: SerialEM, not started anew since, knows of an empty stage."""
    scope = server._instrument.scope
    if scope.world.state.autoloader.loaded_slot is not None:
        return
    slots = range(1, scope.settings.loader_slots + 1)
    full = sum(1 << slot - 1 for slot in slots if scope.world.cassette.specimen(slot) is not None)
    remembered = server._control.program.persistent
    remembered["SMARTSCOPELOADEDSLOT"] = "0.000000"
    remembered["SMARTSCOPELAYINSLOTS"] = f"{full}.000000"


def row_settings(server: SimulatorServer, directory: Path, version: str) -> dict[str, Any]:
    """The driver's settings for that server, as a microscope's row would hold them."""
    frames = directory / "frames"
    frames.mkdir(exist_ok=True)
    return {
        "port": server.port,
        "control_port": server.control_port,
        "frames_folder": str(frames),
        "frames_mount": str(frames),
        "areas": "mini",
        **OLD.get(version, {}),
    }


def quarter_turned(settings: dict[str, Any], operation: int) -> dict[str, Any]:
    """Settings of the same site with its camera turned by a quarter, as its rows would say."""
    written = dict(registry._described(settings))
    areas = written["areas"]
    assert isinstance(areas, dict)
    written["areas"] = {
        name: {**area, "width_px": area["height_px"], "height_px": area["width_px"]}
        for name, area in areas.items()
    }
    return written | {"frames_rotation_flip": operation}
