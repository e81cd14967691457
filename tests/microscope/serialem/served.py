"""A simulated microscope behind SerialEM's socket, and our driver at the other end of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from smartscope.microscope.registry import connect, open_clock
from smartscope.microscope.simulator.server import SimulatorServer
from tests.microscope.rig import STARTED_S, Leash, Notebook, Rig

#: what only the server, not the driver, is told
OLD = {
    "4.0": {"atlas_state": None, "atlas_mag": 135.0, "cannot_tell": ["vacuum", "beam_current"]},
}


@contextmanager
def served(
    directory: Path, *, driver: dict[str, Any] | None = None, **world: Any
) -> Iterator[tuple[Rig, SimulatorServer]]:
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
        clock = open_clock("serialem", settings)
        microscope = connect("serialem", settings, permit=leash, clock=clock, epoch=3)
        stack.callback(microscope.close)
        yield Rig(microscope, clock, leash, notebook, server._instrument.scope), server


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
