"""Upkeep of the column, and the way to safety."""

from __future__ import annotations

from dataclasses import replace

from smartscope.domain.geometry import Point
from smartscope.domain.routines import Routine
from smartscope.microscope.base import Microscope, Tuning
from smartscope.microscope.errors import CommandRefused
from smartscope.microscope.procedures.happenings import (
    AboutToIssue,
    Checkpoint,
    Procedure,
    Produced,
    RoutineEnded,
)
from smartscope.microscope.procedures.readiness import require_ready
from smartscope.microscope.procedures.routine_doses import begins
from smartscope.microscope.values import Area, CommandClass, ImageShift


def refine_zero_loss(microscope: Microscope) -> Procedure:
    """Centre the energy slit; the beam must be on."""
    yield Checkpoint(doing="refine zero loss", before_dose=True)
    require_ready(microscope)
    yield AboutToIssue(command_class=CommandClass.LONG, command="refine_zero_loss")
    microscope.column.refine_zero_loss()
    yield Produced(item="refine_zero_loss")


def flash_gun(microscope: Microscope) -> Procedure:
    """Flash the gun when the instrument advises it; the valves are closed, and stay so."""
    yield Checkpoint(doing="flash the gun")
    microscope.column.close_valves()
    yield Checkpoint(doing="flash the gun")
    yield AboutToIssue(command_class=CommandClass.NEVER_REPEAT, command="flash_gun")
    microscope.column.flash_gun()
    yield Produced(item="flash_gun")


def update_dark_reference(microscope: Microscope, *, max_age_h: float) -> Procedure:
    """Take the camera's dark reference anew when it is older; the valves are closed, and stay so.

    Raises CommandRefused where the camera takes none.
    """
    yield Checkpoint(doing="dark reference")
    microscope.column.close_valves()
    yield Checkpoint(doing="dark reference")
    yield AboutToIssue(command_class=CommandClass.LONG, command="update_dark_reference")
    microscope.camera.update_dark_reference(max_age_h=max_age_h)
    yield Produced(item="update_dark_reference")


def tune_beam(microscope: Microscope, place: Point, *, beside_um: float = 0.0) -> Procedure:
    """Correct astigmatism, then coma, on a thin place that nothing else needs (µm, level stage).

    `beside_um` is how far from the next target that is. Raises CommandRefused where the instrument
    cannot.
    """
    tuning = _tuning(microscope)
    yield Checkpoint(doing="tune")
    microscope.optics.go_to(Area.RECORD)
    microscope.optics.set_image_shift(ImageShift(0.0, 0.0))
    yield Checkpoint(doing="tune")
    microscope.stage.tilt_to(0.0)
    microscope.stage.move_to(place)
    yield Checkpoint(doing="correct astigmatism", before_dose=True)
    require_ready(microscope)
    cost = replace(microscope.tasks.cost(Routine.TUNING), beside_um=beside_um)
    yield AboutToIssue(command_class=CommandClass.DOSE, command="correct_astigmatism")
    yield begins(microscope, Routine.TUNING, cost)
    tuning.correct_astigmatism()
    yield RoutineEnded()
    yield Checkpoint(doing="correct coma", before_dose=True)
    require_ready(microscope)
    yield AboutToIssue(command_class=CommandClass.DOSE, command="correct_coma")
    yield begins(microscope, Routine.TUNING, cost)
    tuning.correct_coma()
    yield RoutineEnded()
    yield Produced(item="tune_beam")


def _tuning(microscope: Microscope) -> Tuning:
    if microscope.tuning is None:
        raise CommandRefused(
            "This microscope cannot correct astigmatism and coma by itself, or its settings do not "
            "say that it is calibrated for it; nothing was exposed."
        )
    return microscope.tuning


def safe_stop(microscope: Microscope) -> Procedure:
    """Bring the instrument to its safe state; may be repeated. Raises as `safe_state` does."""
    report = microscope.safe_state()
    yield Produced(
        item="safe_stop",
        measurements={name: trouble or "done" for name, trouble in report.actions},
    )
