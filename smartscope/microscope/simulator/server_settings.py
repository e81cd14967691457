"""From plain settings to the instrument that a server puts on its sockets.

The settings are those of `assembly`, and: `serialem_version` ("4.0" to "4.3"), `orientation` (0 to
7, how the camera is turned), `frame_time_s` (of a movie's frames), `header_pause_s` (real seconds
between an image's header and its pixels: stock clients need 0.02), `jeol_loader` (true: slots
answer as JEOL's do).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from smartscope.microscope.errors import BadInstrumentSettings
from smartscope.microscope.simulator import assembly
from smartscope.microscope.simulator.clock import SimulatedClock
from smartscope.microscope.simulator.command_log import COMMAND_LOG, CommandLog
from smartscope.microscope.simulator.external_control import ExternalControl
from smartscope.microscope.simulator.faults import plan_from
from smartscope.microscope.simulator.scope import Scope
from smartscope.microscope.simulator.serialem.machine import Machine
from smartscope.microscope.simulator.serialem.orientation import Orientation
from smartscope.microscope.simulator.serialem.program import Program
from smartscope.microscope.simulator.serialem.version import program_version
from smartscope.microscope.simulator.witness import NoWitness, Witness

Settings = Mapping[str, object]
OWN_KEYS = frozenset(
    {"serialem_version", "orientation", "frame_time_s", "header_pause_s", "jeol_loader"}
)
FRAME_TIME_S = 0.2
HEADER_PAUSE_S = 0.02
FILES = "serialem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """The world, its clock, and SerialEM before it."""

    scope: Scope
    clock: SimulatedClock
    control: ExternalControl
    header_pause_s: float
    closing: threading.Event


def open_instrument(
    settings: Settings, closing: threading.Event, witness: Witness | None
) -> Instrument:
    """Take the world over; `closing` wakes whoever waits for simulated time.

    Raises BadInstrumentSettings.
    """
    own = {key: value for key, value in settings.items() if key in OWN_KEYS}
    physics = {key: value for key, value in settings.items() if key not in OWN_KEYS}
    version = program_version(str(own.get("serialem_version", "4.1")))
    orientation = Orientation(int(_positive(own, "orientation", 0)))
    frame_time_s = _positive(own, "frame_time_s", FRAME_TIME_S)
    if frame_time_s == 0.0:
        raise BadInstrumentSettings("frame_time_s is 0; give the seconds of a frame.")
    pause_s = _positive(own, "header_pause_s", HEADER_PAUSE_S)
    faults = plan_from(settings.get("faults"))
    clock = assembly.open_clock(physics, sleep=closing.wait)
    scope = assembly.open_scope(physics, clock=clock)
    seen: Witness = NoWitness() if witness is None else witness

    def restarted() -> Program:
        return Program(
            scope=scope,
            witness=seen,
            version=version,
            machine=Machine.at(scope.world.directory / FILES),
            orientation=orientation,
            frame_time_s=frame_time_s,
            jeol_loader=own.get("jeol_loader") is True,
        )

    log = CommandLog(scope.world.directory / COMMAND_LOG)
    control = ExternalControl(scope=scope, restarted=restarted, log=log, faults=faults)
    return Instrument(
        scope=scope, clock=clock, control=control, header_pause_s=pause_s, closing=closing
    )


def _positive(settings: Settings, key: str, default: float) -> float:
    value = settings.get(key, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        raise BadInstrumentSettings(f"{key} is {value!r}; give a number from 0.")
    return float(value)
