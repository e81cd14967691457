"""Opening the instrument that a microscope's row describes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from smartscope.domain.clock import Clock
from smartscope.microscope.base import Microscope, Permit
from smartscope.microscope.registry import connect, open_clock, pace
from smartscope.models import Microscope as MicroscopeRow

#: how the rows of a simulated microscope name its settings, and how the driver does
_RENAMED = {"world": "data_dir", "speed": "clock", "cassette": "grids"}


@dataclass(frozen=True, slots=True)
class Instrument:
    """One connection and the clock it lives by; `pace` as in `helm.Helm`."""

    microscope: Microscope
    clock: Clock
    pace: float | None


def open_instrument(row: MicroscopeRow, permit: Permit, *, epoch: int) -> Instrument:
    """Connect anew under this epoch. Raises UnknownDriver or BadInstrumentSettings."""
    chosen = driver_settings(row)
    clock = open_clock(row.driver_kind, chosen)
    try:
        microscope = connect(row.driver_kind, chosen, permit=permit, clock=clock, epoch=epoch)
    except BaseException:
        _hang_up(clock)
        raise
    return Instrument(microscope, clock, pace(clock))


def now_of(row: MicroscopeRow) -> float:
    """The time on that microscope's clock, whether or not it lets itself be driven."""
    clock = open_clock(row.driver_kind, driver_settings(row))
    try:
        return clock.now()
    finally:
        _hang_up(clock)


def _hang_up(clock: Clock) -> None:
    """Only a simulator's clock behind a socket is a connection."""
    close = getattr(clock, "close", None)
    if close is not None:
        close()


def driver_settings(row: MicroscopeRow) -> dict[str, object]:
    """What the driver is given: the row's settings, completed by what the row itself says."""
    chosen = {_RENAMED.get(key, key): value for key, value in row.driver_settings.items()}
    if row.driver_kind == "simulator":
        chosen.setdefault("data_dir", str(world_directory(row)))
        if "grids" in chosen:
            chosen["grids"] = _by_slot(chosen["grids"])
    if row.driver_kind in ("simulator", "serialem"):
        chosen.setdefault("name", row.name)
        # A microscope without an autoloader has no slots; its one grid lies in the first.
        chosen.setdefault("loader_slots", max(row.loader_slots, 1))
        chosen.setdefault("has_autoloader", row.loader_slots > 0)
        chosen.setdefault("voltage_kv", row.voltage_kv)
    if row.driver_kind == "serialem":
        chosen.setdefault("spherical_aberration_mm", row.spherical_aberration_mm)
    return chosen


def world_directory(row: MicroscopeRow) -> Path:
    """Where a simulated microscope's world is kept when its settings do not say."""
    return Path(settings.DATA_DIR).parent / "worlds" / str(row.pk)


def _by_slot(cassette: object) -> object:
    """A list of specimens fills the slots from 1; a mapping names them."""
    if isinstance(cassette, list):
        return {str(slot): spec for slot, spec in enumerate(cassette, start=1)}
    return cassette
