"""A facility whose microscope is the simulator behind SerialEM's socket, for each protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smartscope.microscope.simulator.control_client import ControlClient
from smartscope.microscope.simulator.server import SimulatorServer
from smartscope.models import Lease, Microscope
from tests.invariants.checker import violations
from tests.invariants.evidence import Evidence, gather, log_length
from tests.invariants.violation import Violation
from tests.microscope.serialem.served import remembers_empty_stage, row_settings
from tests.workers.bridge.quick_findings import find_quickly
from tests.workers.bridge.rig import Bridge, Facility, facility, let_lease_run_out, small_world

_COMMON = {
    "atlas_tiles_x": 1,
    "atlas_tiles_y": 1,
    "image_shift_radius_um": 5.0,
    "record_dose_e_per_angstrom2": 4.0,
}
#: what a session asks for; the places where a bridge may die are the same, the ways to them not
PROTOCOLS: Mapping[str, Mapping[str, Any]] = {
    "screening": {**_COMMON, "image_shift_radius_um": 0.0},
    "collection": {**_COMMON, "defocus_min_um": 1.0, "defocus_max_um": 2.0, "defocus_step_um": 0.5},
    "tilted": {**_COMMON, "tilt_deg": 20.0},
    # every group waits until the stage has come to rest
    "night": {**_COMMON, "drift_limit_angstrom_per_s": 0.5},
}


@dataclass(slots=True)
class ServedHouse:
    """A facility and the instrument at the other end of its socket."""

    house: Facility
    server: SimulatorServer
    fences: list[tuple[int, int]] = field(default_factory=list)
    foreign: set[int] = field(default_factory=set)

    @property
    def world(self) -> Path:
        return self.house.directory / "world"

    def bridge(self) -> Bridge:
        """A new bridge; from its epoch on nothing older may arrive."""
        bridge = self.house.bridge()
        self.fence(bridge.held.epoch)
        return bridge

    def fence(self, epoch: int) -> None:
        """Nothing older than this epoch may arrive from here on."""
        connected = log_length(self.world)
        self.fences.append((connected, epoch))

    def die(self, bridge: Bridge) -> None:
        """As a process that was killed: its lease runs out and its socket closes without a word."""
        let_lease_run_out(self.house.microscope.pk)
        bridge.die()

    def plan(self, *faults: Mapping[str, Any]) -> None:
        """Let these happen from now on."""
        with ControlClient(self.server.control_port) as control:
            control.faults([dict(fault) for fault in faults])

    def evidence(self, **more: Any) -> Evidence:
        """What can be held against everything so far."""
        return gather(
            self.world,
            self.house.directory / "files",
            self.house.directory / "frames",
            fences=tuple(self.fences),
            foreign=frozenset(self.foreign),
            **more,
        )

    def violations(self, *, ended: bool = True, **more: Any) -> list[Violation]:
        """Every broken promise."""
        return violations(self.evidence(**more), ended=ended)

    def epoch(self) -> int:
        """The highest so far."""
        return Lease.objects.get().epoch


@contextmanager
def served_house(
    directory: Path,
    protocol: str = "collection",
    *,
    version: str = "4.1",
    seats: int = 1,
    **world: Any,
) -> Iterator[ServedHouse]:
    """One square with one group of two holes, found at once, on each of `seats` grids.

    `world` changes the simulator. What is found so quickly lies on the first grid only.
    """
    settings = small_world(directory, **world)
    house = facility(directory, grids=seats, world=settings, **PROTOCOLS[protocol])
    house.analyse = find_quickly
    served = {**settings, "header_pause_s": 0.0, "serialem_version": version}
    with SimulatorServer(served) as server:
        remembers_empty_stage(server)
        Microscope.objects.filter(pk=house.microscope.pk).update(
            driver_kind="serialem", driver_settings=row_settings(server, directory, version)
        )
        yield ServedHouse(house, server)
