"""Builds a simulated microscope from plain settings; the registry calls nothing else.

Settings (all optional but `data_dir`): `data_dir`, `seed`, `clock` ("instant", "real" or a
factor), `start_time_s`, `name`, `camera`, `has_autoloader`, `loader_slots`, `voltage_kv`,
`refills`, `error_scale` (0: a perfect microscope), `grids` and `faults`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from smartscope.microscope.base import Permit
from smartscope.microscope.errors import BadInstrumentSettings
from smartscope.microscope.simulator.calibration import calibration
from smartscope.microscope.simulator.cassette import cassette_from
from smartscope.microscope.simulator.clock import INSTANT, SimulatedClock, speed_of
from smartscope.microscope.simulator.driver import SimulatedMicroscope
from smartscope.microscope.simulator.faults import plan_from, require_no_server
from smartscope.microscope.simulator.guard import Guard
from smartscope.microscope.simulator.imperfections import Imperfections
from smartscope.microscope.simulator.scope import Scope, ScopeSettings
from smartscope.microscope.simulator.witness import Witness
from smartscope.microscope.simulator.world import World, last_time_s

KEYS = frozenset(
    {
        "data_dir",
        "seed",
        "clock",
        "start_time_s",
        "name",
        "camera",
        "has_autoloader",
        "loader_slots",
        "voltage_kv",
        "refills",
        "error_scale",
        "grids",
        "faults",
    }
)
Settings = Mapping[str, object]


def open_clock(
    settings: Settings, *, sleep: Callable[[float], object] = time.sleep
) -> SimulatedClock:
    """The clock of the world in `data_dir`, going on where it stood; `sleep` waits real seconds."""
    _require_known(settings)
    stood_at_s = last_time_s(_directory(settings))
    started_s = _number(settings, "start_time_s", time.time())
    return SimulatedClock(
        started_s if stood_at_s is None else stood_at_s,
        speed=speed_of(settings.get("clock", INSTANT)),
        sleep=sleep,
    )


def build(
    settings: Settings,
    *,
    permit: Permit,
    clock: SimulatedClock,
    epoch: int = 0,
    witness: Witness | None = None,
) -> SimulatedMicroscope:
    """Take the world over and put the driver before it. Raises BadInstrumentSettings."""
    _require_known(settings)
    faults = require_no_server(plan_from(settings.get("faults")))
    scope = open_scope(settings, clock=clock, epoch=epoch)
    return SimulatedMicroscope(Guard(scope, permit, faults), witness=witness)


def open_scope(settings: Settings, *, clock: SimulatedClock, epoch: int = 0) -> Scope:
    """Take the world over; nothing stands before it yet. Raises BadInstrumentSettings."""
    seed = int(_number(settings, "seed", 1))
    has_autoloader = settings.get("has_autoloader", True) is True
    loader_slots = int(_number(settings, "loader_slots", 12 if has_autoloader else 1))
    scope_settings = ScopeSettings(
        name=str(settings.get("name", "Simulated microscope")),
        has_autoloader=has_autoloader and loader_slots > 1,
        loader_slots=loader_slots,
        voltage_kv=_number(settings, "voltage_kv", 300.0),
        refills=settings.get("refills", True) is True,
    )
    chosen = calibration(str(settings.get("camera", "mini")))
    cassette = cassette_from(settings.get("grids"), seed)
    errors = Imperfections(seed=seed, scale=_number(settings, "error_scale", 1.0))
    world = World(_directory(settings), seed=seed, cassette=cassette, clock=clock, epoch=epoch)
    return Scope(world=world, calibration=chosen, imperfections=errors, settings=scope_settings)


def _require_known(settings: Settings) -> None:
    unknown = sorted(set(settings) - KEYS)
    if unknown:
        raise BadInstrumentSettings(
            f"The simulator knows no setting {', '.join(unknown)}; "
            f"it has {', '.join(sorted(KEYS))}."
        )


def _directory(settings: Settings) -> Path:
    value = settings.get("data_dir")
    if not isinstance(value, (str, Path)) or not str(value):
        raise BadInstrumentSettings("data_dir is missing: the folder where the world is kept.")
    return Path(value)


def _number(settings: Settings, key: str, default: float) -> float:
    value = settings.get(key, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadInstrumentSettings(f"{key} is {value!r}; give a number.")
    return float(value)
