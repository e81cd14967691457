"""Low-magnification images and montages; every exposure is written down before anything else."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

from smartscope.domain.geometry import Affine, Point
from smartscope.microscope.errors import CommandRefused
from smartscope.microscope.simulator import positioning, sensor
from smartscope.microscope.simulator.column import require_beam
from smartscope.microscope.simulator.durations import Operation
from smartscope.microscope.simulator.exposure_log import Exposure
from smartscope.microscope.simulator.scope import Scope
from smartscope.microscope.simulator.specimen.values import Pose
from smartscope.microscope.simulator.witness import Witness, Witnessed
from smartscope.microscope.tilted_shift import SpecimenOffset
from smartscope.microscope.values import (
    AcquiredImage,
    Area,
    ImageShift,
    MontagePiece,
    MontagePlan,
)

IMAGE_EXPOSURE_S = 1.0
_OPERATION = {
    Area.ATLAS: Operation.TILE_READOUT,
    Area.SQUARE: Operation.SQUARE_IMAGE,
    Area.HOLE: Operation.VIEW,
    Area.FOCUS: Operation.FOCUS_IMAGE,
    Area.RECORD: Operation.READOUT,
}


def require_dose(dose_e_per_a2: float) -> None:
    """Raise CommandRefused for one that cannot be meant."""
    if not (math.isfinite(dose_e_per_a2) and 0.0 < dose_e_per_a2 <= 500.0):
        raise CommandRefused(
            f"A dose of {dose_e_per_a2} e/Å² is out of range; nothing was exposed."
        )


def begin_exposure(
    scope: Scope,
    area: Area,
    dose_e_per_a2: float,
    *,
    routine: str = "",
    item: str = "",
    beside: Point = Point(0.0, 0.0),
) -> tuple[Exposure, Pose]:
    """Switch the beam on: from here on the specimen has been exposed, whatever happens.

    `beside` displaces the beam on the specimen, for routines that spare the target.
    """
    require_beam(scope)
    require_dose(dose_e_per_a2)
    world, pose = scope.world, scope.true_pose(area)
    pose = replace(pose, x_um=pose.x_um + beside.x_um, y_um=pose.y_um + beside.y_um)
    stage, lenses = world.state.stage, world.state.lenses
    draft = Exposure(
        serial=len(world.exposures) + 1,
        grid_id=scope.specimen().spec.grid_id,
        area=area,
        stage_x_nm=round(stage.x_um * 1000),
        stage_y_nm=round(stage.y_um * 1000),
        shift_x_nm=round(lenses.shift_x_um * 1000),
        shift_y_nm=round(lenses.shift_y_um * 1000),
        repeat=0,
        specimen_x_um=pose.x_um,
        specimen_y_um=pose.y_um,
        radius_um=scope.area(area).beam_radius_um,
        dose_e_per_a2=dose_e_per_a2,
        start_s=world.clock.now(),
        routine=routine,
        item=item,
    )
    exposure = world.exposures.numbered(draft)
    world.expose(exposure)
    return exposure, pose


def take_image(
    scope: Scope,
    area: Area,
    dose_e_per_a2: float | None,
    witness: Witness,
    *,
    during: tuple[Operation, ...] | None = None,
    routine: str = "",
) -> AcquiredImage:
    """One image at the present pose; changes the area when need be.

    `during` replaces the usual durations; `routine` names the task it is taken for.
    """
    positioning.go_to(scope, area)
    started = time.perf_counter()
    dose = scope.area(area).dose_e_per_a2 if dose_e_per_a2 is None else dose_e_per_a2
    exposure, pose = begin_exposure(scope, area, dose, routine=routine)
    shot = sensor.shoot(scope, area, exposure, pose, IMAGE_EXPOSURE_S)
    lenses = scope.world.state.lenses
    image = AcquiredImage(
        area=area,
        pixels=shot.counts,
        pixel_size_angstrom=scope.area(area).pixel_size_um * 1e4,
        pixel_to_stage=nominal_affine(scope, area),
        pose=positioning.position(scope),
        image_shift=ImageShift(lenses.shift_x_um, lenses.shift_y_um),
        defocus_um=lenses.defocus_um,
        dose_e_per_a2=dose,
        exposure_s=IMAGE_EXPOSURE_S,
        taken_at_s=exposure.start_s,
    )
    witness.saw(
        witnessed(scope, area, exposure, pose, true=shot.true, nominal=image.pixel_to_stage)
    )
    for operation in during or (_OPERATION[area],):
        scope.world.spend(operation, started_wall_s=started)
        started = time.perf_counter()
    return image


def nominal_affine(scope: Scope, area: Area) -> Affine:
    """Pixel to stage by calibration and encoders: what a microscope can know."""
    stage, lenses = scope.world.state.stage, scope.world.state.lenses
    calibration = scope.area(area)
    px = calibration.pixel_size_um
    py = px / math.cos(math.radians(stage.tilt_deg))
    middle_x = (calibration.camera.width_px - 1) / 2
    middle_y = (calibration.camera.height_px - 1) / 2
    shift = ImageShift(lenses.shift_x_um, lenses.shift_y_um)
    centre = SpecimenOffset.seen_by(shift, stage.tilt_deg).from_point(Point(stage.x_um, stage.y_um))
    return Affine(px, 0.0, centre.x_um - px * middle_x, 0.0, py, centre.y_um - py * middle_y)


def witnessed(
    scope: Scope, area: Area, exposure: Exposure, pose: Pose, *, true: Affine, nominal: Affine
) -> Witnessed:
    """Everything behind one image, for those who may know."""
    lenses = scope.world.state.lenses
    return Witnessed(
        exposure=exposure,
        area=area,
        shape=scope.area(area).camera.shape,
        commanded=positioning.position(scope),
        image_shift=ImageShift(lenses.shift_x_um, lenses.shift_y_um),
        pose=pose,
        nominal=nominal,
        true=true,
        commanded_defocus_um=lenses.defocus_um,
        defocus_um=scope.true_defocus_um(area),
        height_excess_um=scope.height_excess_um(scope.true_stage(area)),
        drift_angstrom_per_s=scope.drift_angstrom_per_s(),
        intensity=scope.illumination(),
        specimen=scope.specimen(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TilePlace:
    """One tile of a plan; after the `last` one the stage goes back to the plan's centre."""

    column: int
    row: int
    centre: Point
    last: bool


def places_of(scope: Scope, area: Area, plan: MontagePlan) -> list[TilePlace]:
    """Where the tiles are taken, row by row, alternating direction. Raises CommandRefused."""
    if plan.columns < 1 or plan.rows < 1 or not 0.0 <= plan.overlap < 0.5:
        raise CommandRefused(
            f"{plan.columns} x {plan.rows} tiles with overlap {plan.overlap} make no montage; "
            "give at least one tile and an overlap below 0.5."
        )
    centres = tile_centres(scope, area, plan)
    return [
        TilePlace(column=column, row=row, centre=centre, last=number == len(centres))
        for number, (column, row, centre) in enumerate(centres, start=1)
    ]


def take_tile(
    scope: Scope, area: Area, plan: MontagePlan, place: TilePlace, witness: Witness
) -> MontagePiece:
    """Go there and expose."""
    positioning.go_to(scope, area)
    moving = (Operation.TILE_MOVE, Operation.TILE_SETTLE)
    reading = (Operation.TILE_EXPOSE, Operation.TILE_READOUT, Operation.TILE_SAVE)
    positioning.move_to(scope, place.centre, None, during=moving)
    image = take_image(scope, area, plan.dose_e_per_a2, witness, during=reading)
    if place.last:
        positioning.move_to(scope, plan.centre, None)
    return MontagePiece(column=place.column, row=place.row, image=image)


def tile_centres(scope: Scope, area: Area, plan: MontagePlan) -> list[tuple[int, int, Point]]:
    """(column, row, stage position) in the order of a serpentine."""
    width_um, height_um = scope.area(area).settings().field_um
    step_x, step_y = width_um * (1 - plan.overlap), height_um * (1 - plan.overlap)
    tiles = []
    for row in range(plan.rows):
        columns = range(plan.columns) if row % 2 == 0 else reversed(range(plan.columns))
        for column in columns:
            x_um = plan.centre.x_um + (column - (plan.columns - 1) / 2) * step_x
            y_um = plan.centre.y_um + (row - (plan.rows - 1) / 2) * step_y
            tiles.append((column, row, Point(x_um, y_um)))
    return tiles
