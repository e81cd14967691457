"""Expose a group of holes by image shift from one stage position, each hole once."""

from __future__ import annotations

import math
from collections.abc import Generator

from smartscope.domain.geometry import Point
from smartscope.domain.routines import Routine
from smartscope.microscope.base import Microscope
from smartscope.microscope.procedures.happenings import (
    AboutToIssue,
    Checkpoint,
    Happening,
    Problem,
    Procedure,
    Produced,
    RoutineEnded,
)
from smartscope.microscope.procedures.readiness import require_ready
from smartscope.microscope.procedures.requests import GroupMember, GroupRequest
from smartscope.microscope.procedures.routine_doses import announced, begins
from smartscope.microscope.tilted_shift import SpecimenOffset
from smartscope.microscope.values import (
    AcquiredImage,
    Area,
    CommandClass,
    ImageShift,
    RecordItem,
    RecordPlan,
)


def expose_group(microscope: Microscope, request: GroupRequest) -> Procedure:
    """Move, view and recentre, focus, wait for drift, then each member by image shift.

    `AboutToIssue` comes before the view and again before every member, naming that one item:
    what was not announced was not exposed.
    """
    measurements: dict[str, float | str] = {}
    yield Checkpoint(doing="group")
    microscope.optics.go_to(Area.HOLE)
    microscope.optics.set_image_shift(ImageShift(0.0, 0.0))
    yield Checkpoint(doing="group")
    microscope.stage.tilt_to(request.tilt_deg)
    microscope.stage.move_to(request.centre, z_um=request.z_um)
    offset = yield from _view(microscope, request, measurements)
    yield from _focus(microscope, request, measurements)
    yield from _settle(microscope, request, measurements)
    for member in request.members:
        yield from _expose(microscope, request, member, offset, measurements)
    microscope.optics.set_image_shift(ImageShift(0.0, 0.0))


def _view(
    microscope: Microscope, request: GroupRequest, measurements: dict[str, float | str]
) -> Generator[Happening, None, Point]:
    """Image the centre until it is centred; returns how far the lattice lies from its map (µm)."""
    offset = Point(0.0, 0.0)
    yield Checkpoint(doing="view", before_dose=True)
    require_ready(microscope)
    yield AboutToIssue(command_class=CommandClass.DOSE, command="image", items=(request.view_item,))
    image = microscope.camera.image(Area.HOLE)
    for moves_left in range(request.recentre_passes - 1, -1, -1):
        seen = _offset_seen(request, image, offset)
        if seen is None:
            if request.locate is not None:
                yield Problem(
                    item=request.view_item,
                    code="anchor_not_seen",
                    message="The hole to centre on was not recognised; the stage is trusted.",
                )
            break
        # It holds for this visit of the stage only: a new move makes a new error.
        offset = seen
        measurements["recentred_um"] = math.hypot(offset.x_um, offset.y_um)
        aim = _shifted(request.centre, offset)
        if aim.distance_um(image.pose.point) <= request.recentre_tolerance_um or not moves_left:
            break
        yield Checkpoint(doing="recentre")
        microscope.stage.move_to(aim)
        yield Checkpoint(doing="recentre", before_dose=True)
        require_ready(microscope)
        yield begins(microscope, Routine.RECENTRE, microscope.tasks.cost(Routine.RECENTRE))
        image = microscope.camera.image(Area.HOLE)
        yield RoutineEnded(images=1)
    yield Produced(item=request.view_item, image=image, measurements=dict(measurements))
    return offset


def _offset_seen(request: GroupRequest, image: AcquiredImage, believed: Point) -> Point | None:
    """How far the anchor lies from its place in the map, looked for where it is believed."""
    if request.locate is None:
        return None
    anchor = request.centre if request.anchor is None else request.anchor
    found = request.locate(image, _shifted(anchor, believed))
    return None if found is None else Point(found.x_um - anchor.x_um, found.y_um - anchor.y_um)


def _shifted(point: Point, offset: Point) -> Point:
    return Point(point.x_um + offset.x_um, point.y_um + offset.y_um)


def _focus(
    microscope: Microscope, request: GroupRequest, measurements: dict[str, float | str]
) -> Procedure:
    now_s = microscope.column.status().read_at_s
    if not request.focus.needed(request.centre, now_s):
        return
    yield Checkpoint(doing="autofocus", before_dose=True)
    require_ready(microscope)
    result = yield from announced(microscope, Routine.FOCUS, microscope.tasks.autofocus)
    measurements |= {"focus_corrected_um": result.corrected_um, "focused_at_s": now_s}


def _settle(
    microscope: Microscope, request: GroupRequest, measurements: dict[str, float | str]
) -> Procedure:
    if request.drift_limit_angstrom_per_s is None:
        return
    yield Checkpoint(doing="drift", before_dose=True)
    require_ready(microscope)
    limit, timeout_s = request.drift_limit_angstrom_per_s, request.drift_timeout_s
    result = yield from announced(
        microscope,
        Routine.DRIFT,
        lambda: microscope.tasks.wait_for_drift(limit, timeout_s=timeout_s),
    )
    measurements |= {"drift_angstrom_per_s": result.rate_angstrom_per_s}


def _expose(
    microscope: Microscope,
    request: GroupRequest,
    member: GroupMember,
    offset: Point,
    measurements: dict[str, float | str],
) -> Procedure:
    stage = microscope.stage.position()
    target = _shifted(member.target, offset)
    from_axis = SpecimenOffset.between(stage.point, target)
    shift = from_axis.image_shift(stage.tilt_deg)
    gained_um = from_axis.height_um(stage.tilt_deg, tilt_sign=microscope.identity().tilt_sign)
    item = RecordItem(
        name=member.item,
        image_shift=shift,
        defocus_um=member.defocus_um - gained_um,
        dose_e_per_a2=request.dose_e_per_a2,
        frames=request.frames,
    )
    plan = RecordPlan(
        items=(item,),
        folder=request.folder,
        save_frames=request.save_frames,
        file_format=request.file_format,
    )
    yield Checkpoint(doing="expose", before_dose=True)
    require_ready(microscope)
    # Whatever may still refuse is asked before the exposure is announced: what was not announced
    # was not exposed, and its hole may be tried again.
    microscope.camera.require_possible(plan)
    microscope.optics.go_to(Area.RECORD)
    microscope.optics.set_image_shift(shift)
    yield AboutToIssue(command_class=CommandClass.DOSE, command="record", items=(member.item,))
    files = microscope.camera.record(plan)
    yield Produced(item=member.item, files=files, measurements=dict(measurements))
