"""Height, focus, drift and realignment by SerialEM's own routines, each result checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from smartscope.domain.clock import Clock
from smartscope.domain.geometry import Point
from smartscope.domain.routines import Routine
from smartscope.microscope.alignment import find
from smartscope.microscope.errors import (
    AutofocusFailed,
    BadArgument,
    CommandFailed,
    CommandRefused,
    DriftTooHigh,
    HeightFailed,
    RealignFailed,
    ValvesClosed,
)
from smartscope.microscope.serialem import memory
from smartscope.microscope.serialem.column import valves_open
from smartscope.microscope.serialem.focus import Focus
from smartscope.microscope.serialem.link import Link, Operation
from smartscope.microscope.serialem.optics import SerialEmOptics
from smartscope.microscope.serialem.settings import SerialEmSettings
from smartscope.microscope.serialem.stage import move, read_pose, tilt
from smartscope.microscope.values import (
    AcquiredImage,
    Area,
    DriftResult,
    FocusResult,
    HeightMode,
    HeightResult,
    RealignResult,
    Reference,
    RoutineCost,
)

ROUGH, FINE = 1, 2
MIN_CORRELATION = 0.15
DRIFT_INTERVAL_S = 10.0
LONGEST_DRIFT_WAIT_S = 3600.0
ANGSTROM_PER_NM = 10.0
#: DriftWaitTask: keep the settings of its dialog for the action at failure.
AS_SET_UP = -1


#: Images that SerialEM's routines take at most, by its help: rough and fine eucentricity at up to
#: a dozen tilts, three of a beam-tilted series for each of three passes of autofocus, one for each
#: look at the drift and one to begin with, and one for each correlation.
_MOST_IMAGES = {
    Routine.HEIGHT: (Area.HOLE, 12),
    Routine.REALIGN: (Area.SQUARE, 1),
    Routine.RECENTRE: (Area.HOLE, 1),
    Routine.FOCUS: (Area.FOCUS, 9),
    Routine.DRIFT: (Area.FOCUS, 31),
    Routine.TUNING: (Area.RECORD, 30),
    Routine.ZERO_LOSS: (Area.RECORD, 1),
}
_BESIDE = frozenset({Routine.FOCUS, Routine.DRIFT})


class TakeImage(Protocol):
    """Goes to an area, exposes, reads the image."""

    def take(self, op: Operation, area: Area, dose_e_per_a2: float | None) -> AcquiredImage:
        """As `base.Camera.image`."""
        ...


@dataclass(slots=True)
class SerialEmTasks:
    """`_axis_set` says that the focus area was placed in this session."""

    link: Link
    settings: SerialEmSettings
    optics: SerialEmOptics
    camera: TakeImage
    focus: Focus
    clock: Clock
    _axis_set: bool = False

    def cost(self, routine: Routine) -> RoutineCost:
        """As calibrated; where the focus area lies only a site's `focus_distance_um` tells."""
        area, images = _MOST_IMAGES[routine]
        beside_um = 0.0
        if routine in _BESIDE:
            distance_um = self.settings.focusing.distance_um
            beside_um = math.nan if distance_um is None else abs(distance_um)
        dose = self.settings.areas[area].settings.dose_e_per_a2
        return RoutineCost(area=area, images=images, dose_e_per_a2=dose, beside_um=beside_um)

    def eucentric_height(self, mode: HeightMode) -> HeightResult:
        """Find and set the height. Raises HeightFailed; then the old height is set again."""
        op = self.link.operation("eucentric_height")
        _require_beam(op)
        limits = self.settings.limits
        tilt(op, limits, 0.0)
        before = read_pose(op)
        self.optics.enter(op, Area.HOLE)
        op.dose("Eucentricity", ROUGH if mode is HeightMode.ROUGH else FINE)
        tilt(op, limits, 0.0)
        after = read_pose(op)
        if not abs(after.z_um) <= limits.height_um:
            move(op, limits, before.point, before.z_um)
            raise HeightFailed(
                f"The eucentric height would be {after.z_um:.0f} µm, beyond "
                f"±{limits.height_um:.0f} µm; the grid is badly bent or not seated. Skip this "
                "square."
            )
        return HeightResult(z_um=after.z_um, moved_um=after.z_um - before.z_um, passes=1)

    def autofocus(self) -> FocusResult:
        """Focus in SerialEM's focus area, the beam centred first after a flash.

        Raises AutofocusFailed with focus as it was.
        """
        op = self.link.operation("autofocus")
        _require_beam(op)
        self.optics.enter(op, Area.FOCUS)
        self._place_focus_area(op)
        self._centre_beam(op)
        target_um = self.settings.focusing.target_um
        before_um = op.read("ReportDefocus").number()
        op.absolute("SetTargetDefocus", -target_um)
        try:
            op.dose("AutoFocus")
            measured_um, code = op.read("ReportAutoFocus").numbers(2)
        except AutofocusFailed:
            op.absolute("SetDefocus", before_um)
            raise
        if code != 0.0:
            op.absolute("SetDefocus", before_um)
            raise AutofocusFailed(
                f"Autofocus ended with code {code:g} after measuring {measured_um:.2f} µm; focus "
                "is unchanged. Try the next target."
            )
        corrected_um = self.focus.found(op, op.read("ReportDefocus").number() + target_um)
        return FocusResult(corrected_um=corrected_um, astigmatism_angstrom=None, passes=1)

    def wait_for_drift(self, limit_angstrom_per_s: float, *, timeout_s: float) -> DriftResult:
        """Wait in the focus area. Raises DriftTooHigh with the last rate."""
        if not (math.isfinite(limit_angstrom_per_s) and limit_angstrom_per_s > 0.0):
            raise BadArgument(f"A drift limit of {limit_angstrom_per_s} Å/s cannot be waited for.")
        if not 0.0 < timeout_s <= LONGEST_DRIFT_WAIT_S:
            raise BadArgument(f"Drift is waited for up to an hour, not {timeout_s} s.")
        op = self.link.operation("wait_for_drift")
        _require_beam(op)
        self.optics.enter(op, Area.FOCUS)
        began_s = self.clock.now()
        op.dose(
            "DriftWaitTask",
            limit_angstrom_per_s,
            "A",
            timeout_s,
            min(DRIFT_INTERVAL_S, timeout_s),
            AS_SET_UP,
            "F",
        )
        rate_nm_per_s, failed = op.read("GetWaitTaskDrift").numbers(2)
        rate, waited_s = rate_nm_per_s * ANGSTROM_PER_NM, self.clock.now() - began_s
        if failed != 0.0 or not rate <= limit_angstrom_per_s:
            raise DriftTooHigh(
                f"The specimen still drifts by {rate:.1f} Å/s after {waited_s:.0f} s, above the "
                f"limit of {limit_angstrom_per_s:.1f}; skip this target or raise the limit."
            )
        images = math.ceil(waited_s / DRIFT_INTERVAL_S) + 1
        return DriftResult(rate_angstrom_per_s=rate, waited_s=waited_s, images=images)

    def realign(self, reference: Reference) -> RealignResult:
        """Image the present area and find the reference in it by our own correlation."""
        op = self.link.operation("realign")
        area = self.optics.area(op) or Area.HOLE
        image = self.camera.take(op, area, None)
        found, correlation = find(reference, image)
        if not correlation >= MIN_CORRELATION:
            raise RealignFailed(
                f"The view correlates with its reference by only {correlation:.2f}; "
                "trust the stage or skip this target."
            )
        return RealignResult(
            found=Point(found.x_um, found.y_um),
            offset_um=found.distance_um(reference.target),
            correlation=correlation,
            image=image,
        )

    def _centre_beam(self, op: Operation) -> None:
        """The first time after a flash, beside the target: the beam may have moved.

        Raises CommandRefused when the routine failed.
        """
        largest_um = self.settings.centre_beam_um
        if largest_um is None:
            return
        flashed_s, centred_s = (each.get(op) for each in (memory.FLASHED_AT, memory.CENTRED_AT))
        if flashed_s is None or (centred_s is not None and centred_s > flashed_s):
            return
        try:
            op.dose("AutoCenterBeam", largest_um)
        except CommandFailed as error:
            raise CommandRefused(
                f"The beam could not be centred after the gun was flashed ({error.text}); centre "
                "it at the console before going on."
            ) from error
        memory.CENTRED_AT.put(op, self.clock.now())

    def _place_focus_area(self, op: Operation) -> None:
        distance_um = self.settings.focusing.distance_um
        if self._axis_set or distance_um is None:
            return
        op.absolute("SetAxisPosition", "F", distance_um, self.settings.focusing.angle_deg)
        self._axis_set = True


def _require_beam(op: Operation) -> None:
    if not valves_open(op):
        raise ValvesClosed("The column valves are closed; nothing was exposed. Open them first.")
