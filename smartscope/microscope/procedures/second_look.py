"""Look again at a place that was sound: whether beam and camera still are what they were."""

from __future__ import annotations

from smartscope.domain.geometry import Point
from smartscope.domain.routines import Routine
from smartscope.microscope.base import Microscope
from smartscope.microscope.procedures.happenings import (
    AboutToIssue,
    Checkpoint,
    Procedure,
    Produced,
    RoutineBegins,
    RoutineEnded,
)
from smartscope.microscope.procedures.readiness import require_ready
from smartscope.microscope.values import CommandClass, ImageShift, RoutineCost


def look_again(
    microscope: Microscope, cost: RoutineCost, place: Point, *, tilt_deg: float
) -> Procedure:
    """One image with the optics of the `cost` at a stage position (µm), as it was taken before.

    Focus and height stay as they are: only the mean is wanted, which they hardly change.
    """
    yield Checkpoint(doing="second look")
    microscope.optics.go_to(cost.area)
    microscope.optics.set_image_shift(ImageShift(0.0, 0.0))
    yield Checkpoint(doing="second look")
    microscope.stage.tilt_to(tilt_deg)
    microscope.stage.move_to(place)
    yield Checkpoint(doing="second look", before_dose=True)
    require_ready(microscope)
    yield AboutToIssue(command_class=CommandClass.DOSE, command="image")
    yield RoutineBegins(routine=Routine.BEAM_CHECK, cost=cost, at=place)
    image = microscope.camera.image(cost.area)
    yield RoutineEnded(images=1)
    yield Produced(item="second_look", image=image)
