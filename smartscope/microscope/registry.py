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

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from smartscope.domain.check_up import Finding, broken, sound
from smartscope.domain.clock import Clock
from smartscope.microscope.base import Microscope, Permit
from smartscope.microscope.errors import BadInstrumentSettings, UnknownDriver
from smartscope.microscope.values import Area

Settings = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Driver:
    """How one kind of microscope is opened and examined; the functions import what they need."""

    open_clock: Callable[[Settings], Clock]
    connect: Callable[[Settings, Permit, Clock, int], Microscope]
    examine: Callable[[Settings, bool], Iterator[Finding]]


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


def pace(clock: Clock) -> float | None:
    """Microscope seconds per real second; None for a simulated clock on which waiting is free."""
    if not clock.simulated:
        return 1.0
    speed: float | None = getattr(clock, "speed", None)
    return speed


def examine(kind: str, settings: Settings, *, in_control: bool) -> Iterator[Finding]:
    """What could end a night on this microscope, as `manage.py doctor` shows it.

    With `in_control` it connects, which throws any other client out: see that there is none.
    Without, nothing is sent to the instrument. Nothing moves either way. Raises UnknownDriver.
    """
    return _driver(kind).examine(settings, in_control)


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


def _examine_simulator(settings: Settings, in_control: bool) -> Iterator[Finding]:  # noqa: FBT001 (a table's form)
    del settings, in_control
    yield sound("instrument", "simulated in the bridge's own process; it has no link to check")


def _examine_serialem(settings: Settings, in_control: bool) -> Iterator[Finding]:  # noqa: FBT001 (a table's form)
    from smartscope.microscope.serialem.doctor.examination import examine as examine_serialem

    try:
        described = _described(settings)
    except BadInstrumentSettings as error:
        yield broken("settings", str(error), "Correct the microscope's settings, then come back.")
        return
    yield from examine_serialem(described, in_control=in_control)


def _serialem_clock(settings: Settings) -> Clock:
    from smartscope.microscope.serialem.settings import settings_from
    from smartscope.microscope.system_clock import SystemClock

    chosen = settings_from(_described(settings))
    if chosen.control_port is None:
        return SystemClock()
    from smartscope.microscope.simulator.remote_clock import RemoteClock

    return RemoteClock(chosen.host, chosen.control_port)


def _serialem(settings: Settings, permit: Permit, clock: Clock, epoch: int) -> Microscope:
    from smartscope.microscope.serialem import driver

    hang_up = getattr(clock, "close", None)  # only a simulator's clock is a connection
    closing = () if hang_up is None else (hang_up,)
    return driver.connect(
        _described(settings), permit=permit, clock=clock, epoch=epoch, closing=closing
    )


def _described(settings: Settings) -> Settings:
    """SerialEM settings with `areas` spelled out where they only name a simulated camera."""
    camera = settings.get("areas")
    if not isinstance(camera, str):
        return settings
    if not settings.get("control_port"):
        raise BadInstrumentSettings(
            f"areas is {camera!r}: only a simulator's calibration can be named. Write down the "
            "five areas of this microscope (docs/operator.md)."
        )
    from smartscope.microscope.simulator.calibration import calibration
    from smartscope.microscope.simulator.imaging import IMAGE_EXPOSURE_S

    known = calibration(camera)
    areas: dict[str, object] = {}
    for area, each in known.areas.items():
        values = each.settings()
        record = area is Area.RECORD
        areas[area.value] = {
            "pixel_size_angstrom": values.pixel_size_angstrom,
            "width_px": values.width_px,
            "height_px": values.height_px,
            "dose_e_per_a2": values.dose_e_per_a2,
            "defocus_um": values.defocus_um,
            "exposure_s": known.record_exposure_s if record else IMAGE_EXPOSURE_S,
        }
    return {"atlas_state": Area.ATLAS.value, "camera": camera, **settings, "areas": areas}


_DRIVERS: Mapping[str, Driver] = {
    "simulator": Driver(
        open_clock=_simulator_clock, connect=_simulator, examine=_examine_simulator
    ),
    "serialem": Driver(open_clock=_serialem_clock, connect=_serialem, examine=_examine_serialem),
}
