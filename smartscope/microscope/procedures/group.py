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
    # what height moves lies across the axis, and neighbours stand about equally high
    believed = Point(0.0, 0.0 if request.leaned is None else request.leaned.y_um)
    microscope.stage.move_to(_shifted(request.centre, believed), z_um=request.z_um)
    offset, image = yield from _view(microscope, request, believed, measurements)
    yield from _focus(microscope, request, measurements)
    offset = yield from _as_height_says(microscope, request, (offset, image), measurements)
    yield from _settle(microscope, request, measurements)
    for member in request.members:
        yield from _expose(microscope, request, member, offset, measurements)
    microscope.optics.set_image_shift(ImageShift(0.0, 0.0))


def _view(
    microscope: Microscope,
    request: GroupRequest,
    offset: Point,
    measurements: dict[str, float | str],
) -> Generator[Happening, None, tuple[Point, AcquiredImage]]:
    """Image the centre until it is centred, looked for at the `offset` believed.

    Returns how far the lattice lies from its map (µm), and the last image.
    """
    yield Checkpoint(doing="view", before_dose=True)
    require_ready(microscope)
    yield AboutToIssue(command_class=CommandClass.DOSE, command="image", items=(request.view_item,))
    image = microscope.camera.image(Area.HOLE)
    for moves_left in range(request.recentre_passes - 1, -1, -1):
        seen = _offset_seen(request, image, offset)
        if seen is None:
            if request.locate is not None:
                yield _not_seen(request)
            break
        # It holds for this visit of the stage only: a new move makes a new error.
        offset = seen
        _note(offset, measurements)
        aim = _shifted(request.centre, offset)
        if aim.distance_um(image.pose.point) <= request.recentre_tolerance_um or not moves_left:
            break
        image = yield from _look_from(microscope, aim)
    yield Produced(item=request.view_item, image=image, measurements=dict(measurements))
    return offset, image


def _as_height_says(
    microscope: Microscope,
    request: GroupRequest,
    viewed: tuple[Point, AcquiredImage],
    measurements: dict[str, float | str],
) -> Generator[Happening, None, Point]:
    """The offset viewed, or another where the height that focus met contradicts it.

    Off the eucentric height by z, a place of a tilted specimen is seen z·tan α from its map. From
    the group focused on before, focus went on by the difference in height; a lattice seen farther
    than half a pitch from where that puts it was taken for its neighbour's. The right one is looked
    for in the same view, and in another one only where that does not show it.
    """
    offset, image = viewed
    expected = _expected(microscope, request, measurements)
    if expected is None or offset.distance_um(expected) <= request.lattice_reach_um:
        return offset
    seen = _offset_seen(request, image, expected)
    if seen is None:
        image = yield from _look_from(microscope, _shifted(request.centre, expected))
        seen = _offset_seen(request, image, expected)
    if seen is None:
        yield _not_seen(request)
        return expected
    _note(seen, measurements)
    return seen


def _expected(
    microscope: Microscope, request: GroupRequest, measurements: dict[str, float | str]
) -> Point | None:
    """Where the lattice should be seen, by focus; None where focus cannot tell."""
    higher_um = measurements.get("focus_corrected_um")
    if request.leaned is None or request.locate is None or not isinstance(higher_um, float):
        return None
    moved_um = higher_um * math.tan(math.radians(request.tilt_deg))
    return Point(0.0, request.leaned.y_um - microscope.identity().tilt_sign * moved_um)


def _look_from(microscope: Microscope, aim: Point) -> Generator[Happening, None, AcquiredImage]:
    """Another view, after a small move."""
    yield Checkpoint(doing="recentre")
    microscope.stage.move_to(aim)
    yield Checkpoint(doing="recentre", before_dose=True)
    require_ready(microscope)
    yield begins(microscope, Routine.RECENTRE, microscope.tasks.cost(Routine.RECENTRE))
    image = microscope.camera.image(Area.HOLE)
    yield RoutineEnded(images=1)
    return image


def _note(offset: Point, measurements: dict[str, float | str]) -> None:
    measurements |= {
        "recentred_um": math.hypot(offset.x_um, offset.y_um),
        "offset_x_um": offset.x_um,
        "offset_y_um": offset.y_um,
    }


def _not_seen(request: GroupRequest) -> Problem:
    return Problem(
        item=request.view_item,
        code="anchor_not_seen",
        message="The hole to centre on was not recognised; the stage is trusted.",
    )


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
