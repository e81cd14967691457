"""A person adds, moves or deletes holes of a square: positions are pixels of the square's picture.

What the beam may have seen stays where it is. A deleted hole keeps its row, so that it can be
taken back and so that no finder offers it again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.db import transaction

from smartscope.analysis.detection.extension import extended
from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict, InvalidInput, NotFound
from smartscope.domain.geometry import Affine, Point
from smartscope.domain.protocol import HOLE_TYPES
from smartscope.domain.status import SPENT, TargetStatus
from smartscope.models import Hole, Image, Session, Square
from smartscope.models.ids import uuid7
from smartscope.operations.edit_grid import require_version
from smartscope.operations.family import Family, lock_family
from smartscope.operations.hole_edits import HoleEdits
from smartscope.operations.pending_edit import Manner, Outcome, PendingEdit
from smartscope.operations.regroup_edited import regroup_edited, tell_regrouped
from smartscope.operations.settle import settle_squares
from smartscope.operations.square_edits import Wanted
from smartscope.operations.target_rows import allow, session_of
from smartscope.queries.overlays import DELETED
from smartscope.queries.visible import reader_of, visible_holes, visible_squares

T = TargetStatus
#: a hole nearer to another than their radii would be exposed twice
TOO_NEAR = 1.0
MOST_NEW = 1_000
DEFAULT_RADIUS_UM = 0.6


@dataclass(frozen=True, slots=True)
class NewHole:
    """Where, in pixels of the square's picture; the radius in µm, None: as the film's holes."""

    x_px: float
    y_px: float
    radius_um: float | None = None


@transaction.atomic
def add_holes(
    actor: Actor, square_id: UUID, new: Sequence[NewHole], *, predicted: bool, manner: Manner
) -> Outcome:
    """Raises NotFound, NotAllowed, Conflict before the square was imaged, and InvalidInput naming
    the hole (`holes.2`) that is outside the picture or on another hole.
    """
    square, picture = _square(actor, square_id)
    if not new or len(new) > MOST_NEW:
        raise InvalidInput({"holes": f"give 1 to {MOST_NEW} holes."})
    to_stage = Affine(*picture.pixel_to_stage or ())
    known = [(hole.x_px, hole.y_px, hole.radius_um) for hole in _there(square)]
    pixel_um = picture.pixel_size_angstrom / 10_000
    number = max(square.holes.values_list("number", flat=True), default=0)
    edit, problems = PendingEdit(actor), {}
    for i, one in enumerate(new):
        radius_um = one.radius_um or _usual_radius_um(square)
        place = (one.x_px, one.y_px, radius_um)
        if wrong := _wrong(place, known, picture, pixel_um):
            problems[f"holes.{i}"] = wrong
            continue
        known.append(place)
        number += 1
        row = _row(square, number, place, to_stage)
        row.predicted = predicted
        edit.create("hole", row, undone={"status": str(T.SKIPPED), "reason": DELETED})
    if problems:
        raise InvalidInput(problems)
    outcome = edit.commit(
        square.grid.session, "hole.added", matched=len(new), manner=manner, grid=square.grid_id
    )
    settle_squares(outcome, [square])
    return outcome


def lattice_beyond(actor: Actor, square_id: UUID, *, rings: int) -> list[NewHole]:
    """Where the film's lattice goes on: what `add_holes` may be given. Reads only.

    Raises NotFound, NotAllowed, and Conflict where the holes show no lattice.
    """
    square, picture = _square(actor, square_id)
    holes = _there(square)
    positions = np.array([[hole.x_px, hole.y_px] for hole in holes], dtype=np.float64)
    beyond = extended(positions, (picture.width_px, picture.height_px), rings=rings)
    if beyond is None:
        raise Conflict(
            f"The holes of {square.slug} show no lattice; add holes one by one.",
            code="not_capable",
        )
    radius_um = float(np.median([hole.radius_um for hole in holes]))
    pixel_um = picture.pixel_size_angstrom / 10_000
    known = [(hole.x_px, hole.y_px, hole.radius_um) for hole in holes]
    places = [(float(x), float(y), radius_um) for x, y in beyond[:MOST_NEW]]
    return [NewHole(*place) for place in places if not _wrong(place, known, picture, pixel_um)]


@transaction.atomic
def move_hole(
    actor: Actor, hole_id: UUID, *, x_px: float, y_px: float, version: int | None
) -> Outcome:
    """Raises NotFound, NotAllowed, InvalidInput, Conflict `stale`, `already_exposed`, or
    `illegal_transition` for the centre of a group of several and for a place beyond image shift.
    """
    if not visible_holes(reader_of(actor)).filter(pk=hole_id).exists():
        raise NotFound("There is no such hole that you may see.")
    family = lock_family(holes=[hole_id])
    hole = family.holes[hole_id]
    square = family.squares[hole.square_id]
    session = family.grids[square.grid_id].session
    allow(actor, session)
    require_version(hole.version, version)
    if TargetStatus(hole.status) in SPENT or hole.dose_uncertain:
        raise Conflict(f"{hole.slug} is {hole.status} already.", code="already_exposed")
    picture = _picture(square)
    others = [(one.x_px, one.y_px, one.radius_um) for one in _there(square) if one.pk != hole.pk]
    pixel_um = picture.pixel_size_angstrom / 10_000
    if wrong := _wrong((x_px, y_px, hole.radius_um), others, picture, pixel_um):
        raise InvalidInput({"x_px": wrong})
    at = Affine(*picture.pixel_to_stage or ()).apply(x_px, y_px)
    edit = PendingEdit(actor)
    _follow_group(edit, family, hole, at)
    edit.put("hole", hole, x_px=x_px, y_px=y_px, stage_x_um=at.x_um, stage_y_um=at.y_um)
    manner = Manner(summary=f"{hole.slug} moved")
    return edit.commit(session, "hole.moved", matched=1, manner=manner, grid=square.grid_id)


@transaction.atomic
def delete_holes(actor: Actor, ids: Sequence[UUID], manner: Manner) -> Outcome:
    """Out of the queue, out of sight; spent ones are reported. Raises NotFound, NotAllowed."""
    edit = PendingEdit(actor)
    session, found = session_of(visible_holes(reader_of(actor)), ids, "square__grid__session", edit)
    family = lock_family(holes=found)
    edits = HoleEdits(edit, family.grids, family.squares, family.groups, family.members())
    for hole in sorted((family.holes[pk] for pk in found), key=lambda hole: hole.slug):
        edits.apply(hole, Wanted(skip=True))
        if TargetStatus(hole.status) not in SPENT:
            edit.put("hole", hole, reason=DELETED)
    edits.settle_groups()
    regrouped = [] if session.imported else regroup_edited(edits, family)
    outcome = edit.commit(
        session, "hole.deleted", matched=len(ids), manner=manner, asked=set(found)
    )
    tell_regrouped(actor, session, outcome, regrouped, manner.summary)
    settle_squares(outcome, family.squares.values())
    return outcome


def _square(actor: Actor, square_id: UUID) -> tuple[Square, Image]:
    """The locked square and its picture, for one who may edit it."""
    if not visible_squares(reader_of(actor)).filter(pk=square_id).exists():
        raise NotFound("There is no such square that you may see.")
    with transaction.atomic():
        square = lock_family(squares=[square_id]).squares[square_id]
    session: Session = square.grid.session
    allow(actor, session)
    return square, _picture(square)


def _picture(square: Square) -> Image:
    picture = square.picture
    if picture is None or not picture.pixel_to_stage:
        raise Conflict(
            f"{square.slug} has no picture with a place on the stage yet; wait until it is imaged.",
            code="not_capable",
        )
    return picture


def _there(square: Square) -> list[Hole]:
    """The holes one sees in the square."""
    return list(square.holes.exclude(reason=DELETED).order_by("number"))


def _usual_radius_um(square: Square) -> float:
    if square.hole_diameter_um:
        return square.hole_diameter_um / 2
    film = HOLE_TYPES.get(square.grid.hole_type)
    if film is not None and film.diameter_um:
        return film.diameter_um / 2
    return DEFAULT_RADIUS_UM


def _wrong(
    place: tuple[float, float, float],
    known: Sequence[tuple[float, float, float]],
    picture: Image,
    pixel_um: float,
) -> str:
    """Why no hole may be there; "" when one may."""
    x_px, y_px, radius_um = place
    if not (0 <= x_px <= picture.width_px - 1 and 0 <= y_px <= picture.height_px - 1):
        return f"is outside the picture of {picture.width_px} x {picture.height_px} px."
    for other_x, other_y, other_um in known:
        away_um = math.hypot(x_px - other_x, y_px - other_y) * pixel_um
        if away_um < TOO_NEAR * max(radius_um, other_um):
            return "is on a hole that is known already."
    return ""


def _row(square: Square, number: int, place: tuple[float, float, float], to_stage: Affine) -> Hole:
    x_px, y_px, radius_um = place
    at = to_stage.apply(x_px, y_px)
    return Hole(
        pk=uuid7(),
        square=square,
        number=number,
        slug=f"{square.slug}-h{number:03d}",
        stage_x_um=at.x_um,
        stage_y_um=at.y_um,
        stage_z_um=square.stage_z_um,
        x_px=x_px,
        y_px=y_px,
        radius_um=radius_um,
    )


def _follow_group(edit: PendingEdit, family: Family, hole: Hole, at: Point) -> None:
    """A queued hole keeps its group: alone it takes it along, else it stays within its reach.

    One that is not queued leaves its group, so that it is grouped anew when it is queued.
    """
    if hole.group_id is None:
        return
    if hole.status != T.QUEUED:
        edit.put(
            "hole", hole, group_id=None, group_role="", image_shift_x_um=None, image_shift_y_um=None
        )
        return
    group = family.groups[hole.group_id]
    if hole.group_role == "centre":
        if len(family.members()[group.pk]) > 1:
            raise Conflict(
                f"{hole.slug} is where the stage goes for its group; take it out of the queue, "
                "move it, and queue it again.",
                code="illegal_transition",
            )
        edit.put("group", group, stage_x_um=at.x_um, stage_y_um=at.y_um)
        return
    centre = Point(group.stage_x_um, group.stage_y_um)
    reach_um = family.grids[family.squares[hole.square_id].grid_id].image_shift_radius_um
    if at.distance_um(centre) > reach_um:
        raise Conflict(
            f"There {hole.slug} is beyond the {reach_um:g} µm of image shift of its group; take it "
            "out of the queue, move it, and queue it again.",
            code="illegal_transition",
        )
    edit.put(
        "hole",
        hole,
        image_shift_x_um=at.x_um - centre.x_um,
        image_shift_y_um=at.y_um - centre.y_um,
    )
