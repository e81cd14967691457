"""Stage and lenses: where they go, what they refuse, and how long it takes them."""

from __future__ import annotations

import math
from dataclasses import replace

from smartscope.domain.geometry import Point
from smartscope.microscope.errors import (
    CommandRefused,
    ImageShiftLimit,
    InstrumentBusy,
    StageLimit,
    StageStuck,
)
from smartscope.microscope.simulator.calibration import IMAGE_SHIFT_LIMIT_UM
from smartscope.microscope.simulator.durations import Operation
from smartscope.microscope.simulator.scope import Scope
from smartscope.microscope.simulator.stage_motion import (
    drift_carried_angstrom_per_s,
    move_median_s,
)
from smartscope.microscope.values import Area, AreaSettings, ImageShift, OpticsState, StagePose

XY_LIMIT_UM = 1000.0
Z_LIMIT_UM = 300.0
TILT_LIMIT_DEG = 70.0


def position(scope: Scope) -> StagePose:
    """What the encoders say; the specimen is a fraction of a micron elsewhere."""
    stage = scope.world.state.stage
    return StagePose(x_um=stage.x_um, y_um=stage.y_um, z_um=stage.z_um, tilt_deg=stage.tilt_deg)


def move_to(
    scope: Scope,
    point: Point,
    z_um: float | None,
    *,
    during: tuple[Operation, ...] | None = None,
    stuck: bool = False,
) -> None:
    """Move and settle; `stuck` stops half-way. `during` replaces the usual durations."""
    _require_stage_free(scope)
    stage = scope.world.state.stage
    z_um = stage.z_um if z_um is None else z_um
    if not (abs(point.x_um) <= XY_LIMIT_UM and abs(point.y_um) <= XY_LIMIT_UM):
        raise StageLimit(
            f"({point.x_um:.1f}, {point.y_um:.1f}) µm lies outside the stage's "
            f"±{XY_LIMIT_UM:.0f} µm; skip this target."
        )
    if not abs(z_um) <= Z_LIMIT_UM:
        raise StageLimit(f"z {z_um:.1f} µm lies outside ±{Z_LIMIT_UM:.0f} µm; nothing moved.")
    if stuck:
        point = Point((stage.x_um + point.x_um) / 2, (stage.y_um + point.y_um) / 2)
    moved_um = math.hypot(point.x_um - stage.x_um, point.y_um - stage.y_um)
    if during is None:
        scope.world.spend(Operation.STAGE_MOVE, median_s=move_median_s(moved_um))
        scope.world.spend(Operation.SETTLE)
    for operation in during or ():
        scope.world.spend(operation)
    _arrive(scope, point, z_um, moved_um)
    if stuck:
        raise StageStuck("The stage stopped short of its target; move it again or skip this one.")


def _arrive(scope: Scope, point: Point, z_um: float, moved_um: float) -> None:
    stage, now_s = scope.world.state.stage, scope.world.clock.now()
    key = f"visit:{round(point.x_um * 1000)}:{round(point.y_um * 1000)}"
    visit_here = scope.world.count(key)
    error = scope.imperfections.stage_error(point, visit=visit_here)
    scope.world.put(
        stage=replace(
            stage,
            x_um=point.x_um,
            y_um=point.y_um,
            z_um=z_um,
            error_x_um=error.x_um,
            error_y_um=error.y_um,
            drift_start_angstrom_per_s=drift_carried_angstrom_per_s(
                stage.drift_start_angstrom_per_s, now_s - stage.moved_at_s, moved_um
            ),
            moved_at_s=now_s,
            visit=visit_here,
        )
    )


def tilt_to(scope: Scope, tilt_deg: float) -> None:
    """Tilt about the stage's x axis."""
    _require_stage_free(scope)
    stage = scope.world.state.stage
    if not abs(tilt_deg) <= TILT_LIMIT_DEG:
        raise StageLimit(f"{tilt_deg:.1f}° lies outside ±{TILT_LIMIT_DEG:.0f}°; nothing moved.")
    if tilt_deg == stage.tilt_deg:
        return
    scope.world.spend(Operation.TILT)
    now_s = scope.world.clock.now()
    scope.world.put(stage=replace(stage, tilt_deg=tilt_deg, tilted_at_s=now_s))


def _require_stage_free(scope: Scope) -> None:
    if scope.exchanging():
        raise InstrumentBusy("The autoloader is exchanging grids; the stage may not move.")


def areas(scope: Scope) -> tuple[AreaSettings, ...]:
    """As calibrated."""
    return tuple(scope.area(area).settings() for area in Area)


def optics_state(scope: Scope) -> OpticsState:
    """What is set."""
    lenses = scope.world.state.lenses
    return OpticsState(
        area=lenses.area,
        image_shift=ImageShift(lenses.shift_x_um, lenses.shift_y_um),
        defocus_um=lenses.defocus_um,
        apertures_um=lenses.apertures,
    )


def go_to(scope: Scope, area: Area) -> None:
    """Change the imaging state; crossing the low-magnification boundary clears the image shift."""
    lenses = scope.world.state.lenses
    if lenses.area is area:
        return
    crossing = Area.ATLAS in (lenses.area, area)
    scope.world.spend(Operation.ATLAS_OPTICS if area is Area.ATLAS else Operation.MODE_SWITCH)
    lenses = replace(lenses, area=area)
    if crossing:
        lenses = replace(
            lenses, shift_x_um=0.0, shift_y_um=0.0, shift_lag_x_um=0.0, shift_lag_y_um=0.0
        )
    scope.world.put(lenses=lenses)


def set_image_shift(scope: Scope, shift: ImageShift) -> None:
    """Deflect; refused beyond the range."""
    lenses = scope.world.state.lenses
    if (shift.x_um, shift.y_um) == (lenses.shift_x_um, lenses.shift_y_um):
        return
    distance_um = math.hypot(shift.x_um, shift.y_um)
    if not distance_um <= IMAGE_SHIFT_LIMIT_UM:
        raise ImageShiftLimit(
            f"An image shift of {distance_um:.2f} µm exceeds {IMAGE_SHIFT_LIMIT_UM:.0f} µm; "
            "move the stage nearer first."
        )
    if lenses.area is Area.ATLAS and distance_um > 0.0:
        raise CommandRefused("The atlas area has no image shift; change the area first.")
    scope.world.spend(Operation.SHIFT)
    scope.world.spend(Operation.SHIFT_SETTLE)
    scope.world.put(
        lenses=replace(
            lenses,
            shift_x_um=shift.x_um,
            shift_y_um=shift.y_um,
            shift_lag_x_um=shift.x_um - lenses.shift_x_um,
            shift_lag_y_um=shift.y_um - lenses.shift_y_um,
        )
    )


def set_defocus(scope: Scope, defocus_um: float) -> None:
    """Underfocus positive, from the last autofocus."""
    require_defocus(defocus_um)
    scope.world.put(lenses=replace(scope.world.state.lenses, defocus_um=defocus_um))


def require_defocus(defocus_um: float) -> None:
    """Raise CommandRefused for one that cannot be meant."""
    if not math.isfinite(defocus_um) or abs(defocus_um) > 500.0:
        raise CommandRefused(f"A defocus of {defocus_um} µm is out of range; nothing changed.")


def set_aperture(scope: Scope, name: str, size_um: float) -> None:
    """Insert or (0) retract an aperture."""
    lenses = scope.world.state.lenses
    sizes = dict(lenses.apertures)
    if name not in sizes:
        raise CommandRefused(f"There is no {name!r} aperture; there are {', '.join(sizes)}.")
    if sizes[name] == size_um:
        return
    scope.world.spend(Operation.APERTURE)
    sizes[name] = size_um
    scope.world.put(lenses=replace(lenses, apertures=tuple(sorted(sizes.items()))))
