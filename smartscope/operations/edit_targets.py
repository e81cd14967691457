"""A person labels, queues, takes back or skips squares, holes and exposures: one changeset each.

Whatever was exposed, or is being exposed, stays as it is and is reported; its label may change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from uuid import UUID

from django.db import transaction

from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict, InvalidInput
from smartscope.domain.labels import EXPOSURE_LABELS, HOLE_LABELS, SQUARE_LABELS
from smartscope.models import Exposure, Grid, Hole, Session, Square
from smartscope.operations.family import lock_family
from smartscope.operations.hole_edits import HoleEdits, is_mere_word
from smartscope.operations.pending_edit import Manner, Outcome, PendingEdit
from smartscope.operations.regroup_edited import regroup_edited, tell_regrouped
from smartscope.operations.settle import settle_squares
from smartscope.operations.square_edits import SquareEdits, Wanted
from smartscope.operations.target_rows import locked, session_of
from smartscope.queries.visible import (
    reader_of,
    visible_exposures,
    visible_holes,
    visible_squares,
)


@transaction.atomic
def edit_squares(actor: Actor, ids: Sequence[UUID], wanted: Wanted, manner: Manner) -> Outcome:
    """Raises NotFound, NotAllowed, InvalidInput, or Conflict for an atomic edit refused in part."""
    _check(wanted, SQUARE_LABELS)
    edit = PendingEdit(actor)
    visible = visible_squares(reader_of(actor))
    session, found = session_of(visible, ids, "grid__session", edit)
    _check_session(session, wanted)
    of_grids = Square.objects.filter(pk__in=found).values_list("grid", flat=True)
    grids = locked(Grid.objects.all(), of_grids)
    squares = locked(Square.objects.all(), found)
    edits = SquareEdits(edit, grids)
    for square in sorted(squares.values(), key=lambda square: square.number):
        edits.apply(square, wanted)
    return edit.commit(
        session, "square.changed", matched=len(ids), manner=manner, grid=_only(grids)
    )


def edit_holes(actor: Actor, ids: Sequence[UUID], wanted: Wanted, manner: Manner) -> Outcome:
    """As `edit_squares`; groups, squares and grids follow their holes.

    What waits is grouped anew where that takes more holes or needs fewer groups, in the same
    transaction, so that the bridge sees the plan before or the plan after.
    """
    _check(wanted, HOLE_LABELS)
    label = wanted.label
    if label is not None and wanted.queue is None and wanted.skip is None:
        with suppress(_OthersFollow):
            return _label_holes(actor, ids, label, manner)
    return _edit_holes(actor, ids, wanted, manner)


class _OthersFollow(Exception):
    """A label that decides what is imaged was taken for a mere word; nothing was written."""


@transaction.atomic
def _label_holes(actor: Actor, ids: Sequence[UUID], label: str, manner: Manner) -> Outcome:
    """Words on holes that change nothing else: only these holes are locked, nobody else waits."""
    edit = PendingEdit(actor)
    session, found = session_of(visible_holes(reader_of(actor)), ids, "square__grid__session", edit)
    holes = locked(Hole.objects.select_related("square"), found)
    if not all(is_mere_word(hole, label) for hole in holes.values()):
        raise _OthersFollow
    for hole in holes.values():
        edit.put("hole", hole, label=label)
    grids = {hole.square.grid_id for hole in holes.values()}
    grid = grids.pop() if len(grids) == 1 else None
    return edit.commit(session, "hole.changed", matched=len(ids), manner=manner, grid=grid)


@transaction.atomic
def _edit_holes(actor: Actor, ids: Sequence[UUID], wanted: Wanted, manner: Manner) -> Outcome:
    edit = PendingEdit(actor)
    session, found = session_of(visible_holes(reader_of(actor)), ids, "square__grid__session", edit)
    _check_session(session, wanted)
    family = lock_family(holes=found)
    edits = HoleEdits(edit, family.grids, family.squares, family.groups, family.members())
    wanted_holes = (family.holes[pk] for pk in found if pk in family.holes)
    for hole in sorted(wanted_holes, key=lambda hole: (str(hole.square_id), hole.number)):
        edits.apply(hole, wanted)
    edits.settle_groups()
    regrouped = [] if session.imported else regroup_edited(edits, family)
    grid = _only(family.grids)
    outcome = edit.commit(
        session, "hole.changed", matched=len(ids), manner=manner, grid=grid, asked=set(found)
    )
    tell_regrouped(actor, session, outcome, regrouped, manner.summary)
    settle_squares(outcome, family.squares.values())
    return outcome


@transaction.atomic
def label_exposures(actor: Actor, ids: Sequence[UUID], label: str, manner: Manner) -> Outcome:
    """Judge exposures good or bad; raises as `edit_squares`."""
    _check(Wanted(label=label), EXPOSURE_LABELS)
    edit = PendingEdit(actor)
    path = "hole__square__grid__session"
    session, found = session_of(visible_exposures(reader_of(actor)), ids, path, edit)
    for exposure in locked(Exposure.objects.all(), found).values():
        edit.put("exposure", exposure, label=label)
    return edit.commit(session, "exposure.changed", matched=len(ids), manner=manner)


def _check(wanted: Wanted, labels: Mapping[str, bool]) -> None:
    problems = {}
    if wanted.label and wanted.label not in labels:
        problems["set.label"] = f"'{wanted.label}' is not one of {', '.join(labels)}."
    if wanted.queue and wanted.skip:
        problems["set.queue"] = "a target cannot be queued and skipped at once."
    if wanted == Wanted():
        problems["set"] = "say what is to be set: label, queue or skip."
    if problems:
        raise InvalidInput(problems)


def _check_session(session: Session, wanted: Wanted) -> None:
    if session.imported and wanted.queue:
        raise Conflict(
            f"{session.name} was imported from files: it can be labelled, never imaged.",
            code="not_capable",
        )


def _only(grids: Mapping[UUID, Grid]) -> UUID | None:
    """The grid of an edit that stays on one."""
    return next(iter(grids)) if len(grids) == 1 else None
