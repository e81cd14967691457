"""The map of the whole grid."""

from __future__ import annotations

from smartscope.microscope.base import Microscope
from smartscope.microscope.procedures.exchange import wait_past_refill
from smartscope.microscope.procedures.happenings import (
    AboutToIssue,
    Checkpoint,
    Procedure,
    Produced,
)
from smartscope.microscope.procedures.readiness import require_ready
from smartscope.microscope.procedures.requests import AtlasRequest
from smartscope.microscope.procedures.tiles import take_tiles
from smartscope.microscope.values import Area, CommandClass, ImageShift, MontagePlan

#: How long a tile may take, moving and saving included.
TILE_TAKES_S = 15.0


def atlas(microscope: Microscope, request: AtlasRequest) -> Procedure:
    """Take the montage; its tiles come unstitched. It may end between any two of them."""
    yield Checkpoint(doing="atlas")
    microscope.optics.go_to(Area.ATLAS)
    microscope.optics.set_image_shift(ImageShift(0.0, 0.0))
    yield Checkpoint(doing="atlas")
    microscope.stage.tilt_to(0.0)
    microscope.stage.move_to(request.centre)
    tiles = request.columns * request.rows
    yield from wait_past_refill(microscope, needs_s=tiles * TILE_TAKES_S)
    yield Checkpoint(doing="atlas", before_dose=True)
    require_ready(microscope)
    plan = MontagePlan(
        centre=request.centre,
        columns=request.columns,
        rows=request.rows,
        overlap=request.overlap,
        dose_e_per_a2=request.dose_e_per_a2,
    )
    yield AboutToIssue(command_class=CommandClass.DOSE, command="montage", items=(request.item,))
    montage = yield from take_tiles(microscope, Area.ATLAS, plan, doing="atlas")
    yield Produced(item=request.item, montage=montage)
