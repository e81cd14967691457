"""One grid square: found again, brought to eucentric height, imaged."""

from __future__ import annotations

from smartscope.domain.routines import Routine
from smartscope.microscope.base import Microscope
from smartscope.microscope.errors import RealignFailed
from smartscope.microscope.procedures.atlas import TILE_TAKES_S
from smartscope.microscope.procedures.exchange import wait_past_refill
from smartscope.microscope.procedures.happenings import (
    AboutToIssue,
    Checkpoint,
    Problem,
    Procedure,
    Produced,
)
from smartscope.microscope.procedures.readiness import require_ready
from smartscope.microscope.procedures.requests import SquareRequest
from smartscope.microscope.procedures.routine_doses import announced
from smartscope.microscope.procedures.tiles import take_tiles
from smartscope.microscope.values import Area, CommandClass, ImageShift, MontagePlan


def square(microscope: Microscope, request: SquareRequest) -> Procedure:
    """Move, realign to the reference, set the height, image.

    A failed realignment is a `Problem` and the stage is trusted; a failed height raises.
    """
    yield Checkpoint(doing="square")
    microscope.optics.go_to(Area.SQUARE)
    microscope.optics.set_image_shift(ImageShift(0.0, 0.0))
    yield Checkpoint(doing="square")
    microscope.stage.tilt_to(0.0)
    microscope.stage.move_to(request.target)
    tiles = request.columns * request.rows
    yield from wait_past_refill(microscope, needs_s=tiles * TILE_TAKES_S)
    yield Checkpoint(doing="square", before_dose=True)
    require_ready(microscope)
    yield AboutToIssue(command_class=CommandClass.DOSE, command="image", items=(request.item,))
    measurements: dict[str, float | str] = {}
    if request.height is not None:
        mode = request.height
        height = yield from announced(
            microscope, Routine.HEIGHT, lambda: microscope.tasks.eucentric_height(mode)
        )
        measurements |= {"height_um": height.z_um, "height_moved_um": height.moved_um}
        yield Checkpoint(doing="square", before_dose=True)
    if request.reference is not None:
        yield from _find_again(microscope, request, measurements)
        yield Checkpoint(doing="square", before_dose=True)
    require_ready(microscope)
    if tiles == 1:
        image = microscope.camera.image(Area.SQUARE, dose_e_per_a2=request.dose_e_per_a2)
        yield Produced(item=request.item, image=image, measurements=measurements)
        return
    plan = MontagePlan(
        centre=microscope.stage.position().point,
        columns=request.columns,
        rows=request.rows,
        overlap=request.overlap,
        dose_e_per_a2=request.dose_e_per_a2,
    )
    montage = yield from take_tiles(microscope, Area.SQUARE, plan, doing="square")
    yield Produced(item=request.item, montage=montage, measurements=measurements)


def _find_again(
    microscope: Microscope, request: SquareRequest, measurements: dict[str, float | str]
) -> Procedure:
    reference = request.reference
    assert reference is not None
    microscope.optics.go_to(Area.SQUARE)
    try:
        result = yield from announced(
            microscope, Routine.REALIGN, lambda: microscope.tasks.realign(reference)
        )
    except RealignFailed as error:
        yield Problem(item=request.item, code="realign_failed", message=str(error))
        return
    measurements |= {"realigned_um": result.offset_um, "realign_correlation": result.correlation}
    yield Checkpoint(doing="square")
    microscope.stage.move_to(result.found)
