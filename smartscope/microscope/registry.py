"""The one place that names drivers: from a kind and its settings to a microscope.

From a notebook:

    from pathlib import Path
    from smartscope.microscope.procedures.atlas import atlas
    from smartscope.microscope.procedures.exchange import load_grid, open_valves
    from smartscope.microscope.procedures.happenings import Waiting
    from smartscope.microscope.procedures.requests import AtlasRequest, LoadRequest
    from smartscope.microscope.registry import connect, open_clock
    from smartscope.microscope.permit import AlwaysPermitted

    settings = {"data_dir": Path("world"), "seed": 7}
    clock = open_clock("simulator", settings)
    scope = connect("simulator", settings, permit=AlwaysPermitted(), clock=clock)
    for procedure in (
        load_grid(scope, LoadRequest(slot=1)),
        open_valves(scope),
        atlas(scope, AtlasRequest(item="atlas", columns=3, rows=3)),
    ):
        for happening in procedure:
            if isinstance(happening, Waiting):
                clock.wait_until(happening.until_s)
            print(happening)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from smartscope.domain.clock import Clock
from smartscope.microscope.base import Microscope, Permit
from smartscope.microscope.errors import BadInstrumentSettings, UnknownDriver

Settings = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Driver:
    """How one kind of microscope is opened; both functions import what they need."""

    open_clock: Callable[[Settings], Clock]
    connect: Callable[[Settings, Permit, Clock, int], Microscope]


def available() -> tuple[str, ...]:
    """The kinds that `connect` knows."""
    return tuple(_DRIVERS)


def open_clock(kind: str, settings: Settings) -> Clock:
    """The clock that a process driving this microscope lives by."""
    return _driver(kind).open_clock(settings)


def connect(
    kind: str, settings: Settings, *, permit: Permit, clock: Clock, epoch: int = 0
) -> Microscope:
    """Take control of a microscope; an earlier connection of the same instrument is dead then.

    `epoch` is the lease's, told to the instrument so that its command log knows whose commands
    follow. Raises UnknownDriver or BadInstrumentSettings.
    """
    return _driver(kind).connect(settings, permit, clock, epoch)


def _driver(kind: str) -> Driver:
    if kind not in _DRIVERS:
        raise UnknownDriver(
            f"There is no microscope driver {kind!r}; available: {', '.join(_DRIVERS)}."
        )
    return _DRIVERS[kind]


def _simulator_clock(settings: Settings) -> Clock:
    from smartscope.microscope.simulator import assembly

    return assembly.open_clock(settings)


def _simulator(settings: Settings, permit: Permit, clock: Clock, epoch: int) -> Microscope:
    from smartscope.microscope.simulator import assembly
    from smartscope.microscope.simulator.clock import SimulatedClock

    if not isinstance(clock, SimulatedClock):
        raise BadInstrumentSettings(
            "The simulator lives by its own clock: pass the one that open_clock('simulator') gave."
        )
    return assembly.build(settings, permit=permit, clock=clock, epoch=epoch)


_DRIVERS: Mapping[str, Driver] = {
    "simulator": Driver(open_clock=_simulator_clock, connect=_simulator),
}
