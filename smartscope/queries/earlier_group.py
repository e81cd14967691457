"""What the groups before tell the next one in the same square: focus, and how far its map leans."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from smartscope.domain.geometry import Point
from smartscope.domain.status import OPEN_STEPS, StepState
from smartscope.models import Group, Step

_SEEN_AND_FOCUSED = ("offset_x_um", "offset_y_um", "focus_corrected_um")


def leaned_before(microscope: UUID, square: UUID, tilt_deg: float) -> Point | None:
    """How far the lattice of a tilted square was seen from its map at the last group tried.

    None unless that one lies in this square, at this tilt, and was both seen and focused on: else
    focus says nothing of the height between.
    """
    if tilt_deg == 0.0:
        return None
    last = _tried(microscope).first()
    if last is None or last.parameters.get("tilt_deg") != tilt_deg or not _lies_in(last, square):
        return None
    measured = _measured(last)
    if any(name not in measured for name in _SEEN_AND_FOCUSED):
        return None
    return Point(float(measured["offset_x_um"]), float(measured["offset_y_um"]))


def focused_before(microscope: UUID, square: UUID) -> tuple[Point, float] | None:
    """Where and when autofocus last succeeded for a group; None unless that was in this square."""
    last = _tried(microscope).filter(parameters__measured__focused_at_s__isnull=False).first()
    if last is None or not _lies_in(last, square):
        return None
    place = Point(float(last.parameters["stage_x_um"]), float(last.parameters["stage_y_um"]))
    return place, float(_measured(last)["focused_at_s"])


def _tried(microscope: UUID) -> QuerySet[Step]:
    """Groups whose exposure was begun and has ended, the last first."""
    steps = Step.objects.filter(microscope=microscope, kind="expose")
    return steps.exclude(state__in=OPEN_STEPS).order_by("-began_at_s", "-number")


def _lies_in(step: Step, square: UUID) -> bool:
    subject = step.subject
    return subject is not None and Group.objects.filter(pk=subject, square=square).exists()


def _measured(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = step.parameters.get("measured", {})
    return found if step.state == StepState.DONE else {}
