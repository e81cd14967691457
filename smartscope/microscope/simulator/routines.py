"""Height, focus, drift and realignment as the instrument does them by itself."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import count as counted

import numpy as np

from smartscope.domain.geometry import Point
from smartscope.domain.routines import Routine
from smartscope.microscope.alignment import find
from smartscope.microscope.errors import (
    AutofocusFailed,
    BadArgument,
    DriftTooHigh,
    HeightFailed,
    RealignFailed,
)
from smartscope.microscope.simulator import positioning, sensor
from smartscope.microscope.simulator.chance import Purpose, uniform
from smartscope.microscope.simulator.column import require_beam
from smartscope.microscope.simulator.durations import Operation
from smartscope.microscope.simulator.imaging import begin_exposure, take_image
from smartscope.microscope.simulator.scope import Scope
from smartscope.microscope.simulator.witness import Witness
from smartscope.microscope.values import (
    Area,
    DriftResult,
    FocusResult,
    HeightMode,
    HeightResult,
    RealignResult,
    Reference,
    RoutineCost,
)

HEIGHT_LIMIT_UM = 200.0
RUNAWAY_UM = 450.0
HEIGHT_AGAIN_PROBABILITY = 0.35
FOCUS_AGAIN_PROBABILITY = 0.4
#: Focus is measured beside the target, along the tilt axis, where no exposure is planned.
FOCUS_BESIDE = Point(2.0, 0.0)
FOCUS_PATCH_PX = 64
NO_LOCK_BELOW = 0.05
MIN_CORRELATION = 0.15
DRIFT_MEASURING_ERROR = 0.1


#: images of each pass of a routine, and the most passes: what it may spend at most
_MOST_IMAGES = {
    Routine.HEIGHT: (Area.SQUARE, 9),
    Routine.REALIGN: (Area.SQUARE, 1),
    Routine.RECENTRE: (Area.HOLE, 1),
    Routine.FOCUS: (Area.FOCUS, 6),
    Routine.DRIFT: (Area.FOCUS, 60),
    Routine.TUNING: (Area.RECORD, 8),
    Routine.ZERO_LOSS: (Area.RECORD, 1),
}
_BESIDE = frozenset({Routine.FOCUS, Routine.DRIFT})


def cost(scope: Scope, routine: Routine) -> RoutineCost:
    """What a routine sends at most; it focuses and watches drift beside its target."""
    area, images = _MOST_IMAGES[routine]
    beside_um = Point(0.0, 0.0).distance_um(FOCUS_BESIDE) if routine in _BESIDE else 0.0
    dose = scope.area(area).dose_e_per_a2
    return RoutineCost(area=area, images=images, dose_e_per_a2=dose, beside_um=beside_um)


def eucentric_height(scope: Scope, mode: HeightMode, *, runaway: bool = False) -> HeightResult:
    """Tilt to and fro, measure the image's walk, correct z; `runaway` measures nonsense."""
    require_beam(scope)
    positioning.tilt_to(scope, 0.0)
    here = _here(scope)
    before_um = scope.world.state.stage.z_um
    needed_um = before_um - scope.height_excess_um(scope.true_stage(Area.SQUARE))
    passes = _height_passes(scope)
    count = scope.world.count(f"height:{_key(here)}")
    z_um = scope.imperfections.height_found(needed_um, mode, here, count)
    z_um += RUNAWAY_UM if runaway else 0.0
    if abs(z_um) > HEIGHT_LIMIT_UM:
        raise HeightFailed(
            f"The eucentric height would be {z_um:.0f} µm, beyond ±{HEIGHT_LIMIT_UM:.0f} µm; "
            "the grid is badly bent or not seated. Skip this square."
        )
    now_s = scope.world.clock.now()
    stage = replace(scope.world.state.stage, z_um=z_um, moved_at_s=now_s, tilted_at_s=now_s)
    scope.world.put(stage=stage)
    return HeightResult(z_um=z_um, moved_um=z_um - before_um, passes=passes, images=3 * passes)


def _height_passes(scope: Scope) -> int:
    passes = 0
    while True:
        passes += 1
        for _ in range(3):
            scope.world.spend(Operation.TILT)
            scope.world.spend(Operation.HEIGHT_IMAGE)
        scope.world.spend(Operation.HEIGHT_SET)
        count = scope.world.count("height passes")
        again = uniform(scope.world.seed, Purpose.REPEATED, 0, count) < HEIGHT_AGAIN_PROBABILITY
        if not again or passes == 3:
            dose = scope.area(Area.SQUARE).dose_e_per_a2
            begin_exposure(scope, Area.SQUARE, 3 * passes * dose, routine="height")
            return passes


def autofocus(scope: Scope, *, no_lock: bool = False, beside: Point = FOCUS_BESIDE) -> FocusResult:
    """Focus on the place `beside` the target; `no_lock` makes it fail whatever is there."""
    require_beam(scope)
    positioning.go_to(scope, Area.FOCUS)
    passes = _focus_passes(scope)
    target = scope.true_stage(Area.FOCUS)
    place = Point(target.x_um + beside.x_um, target.y_um + beside.y_um)
    if no_lock or not _has_contrast(scope, passes, beside):
        raise AutofocusFailed(
            "Autofocus found nothing to lock on (a bar, a crystal or broken film beside the "
            "target); focus is unchanged. Try the next target."
        )
    here = _here(scope)
    count = scope.world.count(f"focus:{_key(here)}")
    height_um = scope.height_excess_um(place) + scope.imperfections.focus_error_um(here, count)
    lenses = scope.world.state.lenses
    scope.world.put(lenses=replace(lenses, focus_height_um=height_um))
    astigmatism, _ = scope.imperfections.astigmatism_angstrom()
    return FocusResult(
        corrected_um=height_um - lenses.focus_height_um,
        astigmatism_angstrom=astigmatism,
        passes=passes,
        images=3 * passes,
    )


def _focus_passes(scope: Scope) -> int:
    for _ in range(3):
        scope.world.spend(Operation.FOCUS_IMAGE)
    scope.world.spend(Operation.FOCUS_SET)
    count = scope.world.count("focus passes")
    if uniform(scope.world.seed, Purpose.REPEATED, 1, count) >= FOCUS_AGAIN_PROBABILITY:
        return 1
    for _ in range(3):
        scope.world.spend(Operation.FOCUS_IMAGE)
    scope.world.spend(Operation.FOCUS_SET)
    return 2


def _has_contrast(scope: Scope, passes: int, beside: Point) -> bool:
    """Whether the beam beside the target meets film or ice; its dose is spent there."""
    dose = 3 * passes * scope.area(Area.FOCUS).dose_e_per_a2
    exposure, pose = begin_exposure(scope, Area.FOCUS, dose, routine="focus", beside=beside)
    calibration = scope.area(Area.FOCUS)
    side_um = calibration.pixel_size_um * max(calibration.camera.shape)
    patch = sensor.specimen_patch(
        scope, pose, exposure, (FOCUS_PATCH_PX, FOCUS_PATCH_PX), side_um / FOCUS_PATCH_PX
    )
    lit = float(patch.transmission.mean())
    return lit >= NO_LOCK_BELOW and float(np.mean(patch.vacuum)) < 0.5


def wait_for_drift(scope: Scope, limit_angstrom_per_s: float, timeout_s: float) -> DriftResult:
    """Measure until it is below the limit."""
    require_beam(scope)
    positioning.go_to(scope, Area.FOCUS)
    began_s = scope.world.clock.now()
    for images in counted(1):
        scope.world.spend(Operation.DRIFT_CHECK)
        rate = _measured_drift(scope)
        waited_s = scope.world.clock.now() - began_s
        if rate <= limit_angstrom_per_s:
            return DriftResult(rate_angstrom_per_s=rate, waited_s=waited_s, images=images)
        if waited_s >= timeout_s:
            raise DriftTooHigh(
                f"The specimen still drifts by {rate:.1f} Å/s after {waited_s:.0f} s, above the "
                f"limit of {limit_angstrom_per_s:.1f}; skip this target or raise the limit."
            )
    raise AssertionError("counting has no end")


def _measured_drift(scope: Scope) -> float:
    x, y = scope.drift_angstrom_per_s()
    count = scope.world.count("drift checks")
    spread = DRIFT_MEASURING_ERROR * (
        2.0 * uniform(scope.world.seed, Purpose.DRIFT_MEASURE, count) - 1.0
    )
    return float(np.hypot(x, y)) * (1.0 + spread)


def tune(scope: Scope) -> None:
    """Images in the Record area at the place the stage is at; the lenses stay as they are."""
    require_beam(scope)
    positioning.go_to(scope, Area.RECORD)
    scope.world.spend(Operation.TUNING)
    area, images = _MOST_IMAGES[Routine.TUNING]
    begin_exposure(scope, area, images * scope.area(area).dose_e_per_a2, routine="tuning")


def update_dark_reference(scope: Scope, max_age_h: float) -> None:
    """Without beam: it takes its time, whatever the age of the last one."""
    if not (math.isfinite(max_age_h) and max_age_h >= 0.0):
        raise BadArgument(f"A dark reference cannot be {max_age_h} hours old; give 0 to a year.")
    scope.world.spend(Operation.DARK_REFERENCE)


def realign(scope: Scope, reference: Reference, witness: Witness) -> RealignResult:
    """Image the present area and look for the reference in it."""
    area = scope.world.state.lenses.area
    hole = (Operation.VIEW, Operation.ALIGN)
    during = hole if area is Area.HOLE else (Operation.REALIGN,)
    image = take_image(scope, area, None, witness, during=during, routine="realign")
    found, correlation = find(reference, image)
    if correlation < MIN_CORRELATION:
        raise RealignFailed(
            f"The view correlates with its reference by only {correlation:.2f}; "
            "trust the stage or skip this target."
        )
    return RealignResult(
        found=found,
        offset_um=found.distance_um(reference.target),
        correlation=correlation,
        image=image,
    )


def _here(scope: Scope) -> Point:
    stage = scope.world.state.stage
    return Point(stage.x_um, stage.y_um)


def _key(point: Point) -> str:
    return f"{round(point.x_um * 1000)}:{round(point.y_um * 1000)}"
