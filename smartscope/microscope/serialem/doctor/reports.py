"""Which reports of SerialEM a night depends on, and what their answers mean: a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from smartscope.domain.check_up import Finding, broken, doubtful, sound
from smartscope.microscope.errors import ProtocolError
from smartscope.microscope.serialem.cartridges import cartridge
from smartscope.microscope.serialem.idle_valves import SETTING
from smartscope.microscope.serialem.link import Reply
from smartscope.microscope.serialem.settings import SerialEmSettings

Values = tuple[float | str, ...]
Judge = Callable[[Values], Finding]

_NEWER = "Install a newer SerialEM"
_LOOK = "Look at SerialEM's log and window; the bridge would fail in the same way."


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A command that changes nothing; `unknown` and `failed` are the advice when it does not run.

    A night can do without a report that is not `vital`, and without an answer to one that is
    `optional`.
    """

    subject: str
    command: str
    judge: Judge
    arguments: tuple[float | int | str, ...] = ()
    unknown: str = f"{_NEWER}."
    failed: str = _LOOK
    vital: bool = True
    optional: bool = False


def reports_for(settings: SerialEmSettings) -> Iterator[Report]:
    """The reports that matter for a microscope of these settings."""
    yield Report(subject="camera", command="CameraProperties", judge=_camera)
    yield Report(
        subject="stage", command="ReportStageXYZ", judge=partial(_stage, settings.limits.stage_um)
    )
    yield Report(subject="valves", command="ReportColumnOrGunValve", judge=_valves)
    yield Report(
        subject="idle valves",
        command="ReportUserSetting",
        judge=partial(_idle_valves, settings.idle_valves_min),
        arguments=(SETTING,),
        failed="Set the microscope's own closing of idle valves by hand, at its console; until "
        "then only bridge and safety agent close them.",
        optional=True,
    )
    yield from _signals(settings)
    if settings.has_autoloader:
        yield Report(
            subject="autoloader",
            command="ReportSlotStatus",
            judge=partial(_slot, settings.loader),
            arguments=(1,),
        )
    if settings.has_energy_filter:
        yield Report(
            subject="energy filter",
            command="ReportEnergyFilter",
            judge=partial(_numbers, "energy filter", 3),
            failed="Set has_energy_filter to false if there is none.",
        )
    if settings.atlas.state:
        yield Report(
            subject="atlas optics",
            command="ImagingStateProperties",
            judge=partial(_imaging_state, settings.atlas.state),
            arguments=(settings.atlas.state,),
            unknown="This version cannot be asked: look into SerialEM's Imaging States dialog.",
            vital=False,
        )
    for name, aperture in settings.apertures.items():
        yield Report(
            subject=f"aperture {name}",
            command="ReportApertureSize",
            judge=partial(_numbers, f"aperture {name}", 1),
            arguments=(aperture.index,),
        )


def _signals(settings: SerialEmSettings) -> Iterator[Report]:
    known: Mapping[str, tuple[str, Judge]] = {
        "vacuum": ("ReportVacuumStatus", partial(_lamp, "vacuum")),
        "pump": ("IsPVPRunning", partial(_quiet, "pump", "it is running")),
        "dewars": ("AreDewarsFilling", partial(_quiet, "dewars", "one is being filled")),
        "beam_current": (
            "ReportFEGBeamCurrent",
            partial(_beam_current, settings.least_beam_current_na),
        ),
        "screen": ("ReportScreen", partial(_quiet, "screen", "it is down")),
    }
    for signal, (command, judge) in known.items():
        if signal not in settings.cannot_tell:
            advice = f"if the site watches it otherwise, put {signal!r} into cannot_tell."
            yield Report(
                subject=signal.replace("_", " "),
                command=command,
                judge=judge,
                unknown=f"{_NEWER}, or {advice}",
                failed=f"Look at SerialEM's log; {advice}",
            )


def _camera(values: Values) -> Finding:
    sides = _finite(values, 2)
    if sides is None or min(sides) < 1:
        return _nonsense("camera", values)
    return sound("camera", f"{sides[0]:.0f} x {sides[1]:.0f} pixels")


def _stage(limit_um: float, values: Values) -> Finding:
    place = _finite(values, 3)
    if place is None:
        return _nonsense("stage", values)
    told = f"at {place[0]:.1f}, {place[1]:.1f} µm, height {place[2]:.1f} µm"
    if max(abs(place[0]), abs(place[1])) > limit_um:
        return doubtful(
            "stage", told, f"That is beyond stage_limit_um = {limit_um:g}; bring it back."
        )
    return sound("stage", told)


def _valves(values: Values) -> Finding:
    if values in ((0.0,), (1.0,)):
        return sound("valves", "open" if values == (1.0,) else "closed")
    return broken(
        "valves",
        f"SerialEM cannot say whether they are open (it answered {values!r})",
        "A valve that cannot be read cannot be proved closed; look at the microscope's own panel.",
    )


def _idle_valves(wanted_min: int, values: Values) -> Finding:
    found = _finite(values, 1)
    if found is None:
        return _nonsense("idle valves", values)
    own = f"SerialEM closes them after {found[0]:g} idle minutes" if found[0] > 0 else "left open"
    if wanted_min > 0:
        return sound("idle valves", f"{own}; while we drive, {wanted_min} minutes are set")
    if found[0] > 0:
        return sound("idle valves", own)
    return doubtful(
        "idle valves",
        "SerialEM never closes them by itself, and idle_valves_min = 0 leaves it so",
        "Set idle_valves_min: a bridge that vanishes leaves the valves as they are.",
    )


def _lamp(subject: str, values: Values) -> Finding:
    if values == (0.0,):
        return sound(subject, "ready")
    if values == (1.0,):
        return doubtful(subject, "yellow", "Wait until the lamp is green.")
    if values == (2.0,):
        return broken(subject, "red", "Put the vacuum right before anything is loaded or opened.")
    return _nonsense(subject, values)


def _quiet(subject: str, otherwise: str, values: Values) -> Finding:
    number = _finite(values, 1)
    if number is None:
        return _nonsense(subject, values)
    if number[0] == 0:
        return sound(subject, "quiet" if subject != "screen" else "up")
    return doubtful(subject, otherwise, "The bridge waits, or raises the screen, by itself.")


def _beam_current(least_na: float, values: Values) -> Finding:
    number = _finite(values, 1)
    if number is None:
        return _nonsense("beam current", values)
    told = f"{number[0]:g} nA"
    if number[0] < least_na:
        return broken(
            "beam current", f"{told}, under least_beam_current_na = {least_na:g}", "Flash the gun."
        )
    return sound("beam current", told)


def _slot(loader: str, values: Values) -> Finding:
    with suppress(ProtocolError):
        occupied = cartridge(Reply("ReportSlotStatus", values), loader).occupied
        if occupied is not None:
            return sound("autoloader", f"it knows slot 1: {'full' if occupied else 'empty'}")
    return doubtful(
        "autoloader",
        f"it does not know slot 1 (it answered {values!r})",
        "Run an inventory; the bridge asks for one when it starts.",
    )


def _imaging_state(name: str, values: Values) -> Finding:
    if values and values[0] == 0.0:
        return sound("atlas optics", f"SerialEM has an imaging state {name!r}")
    return broken(
        "atlas optics",
        f"SerialEM has no imaging state {name!r}",
        "Store it in SerialEM's Imaging States dialog, or correct atlas_state.",
    )


def _numbers(subject: str, count: int, values: Values) -> Finding:
    numbers = _finite(values, count)
    if numbers is None:
        return _nonsense(subject, values)
    return sound(subject, f"it answers: {', '.join(f'{number:g}' for number in numbers)}")


def _finite(values: Values, count: int) -> tuple[float, ...] | None:
    found = tuple(v for v in values[:count] if not isinstance(v, str) and math.isfinite(v))
    return found if len(found) == count else None


def _nonsense(subject: str, values: Values) -> Finding:
    return broken(subject, f"SerialEM answered {values!r}, which makes no sense", _LOOK)
