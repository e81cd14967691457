"""A person has the groups of one square solved again, within its grid's limits as they are now."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict
from smartscope.domain.labels import HOLE_LABELS
from smartscope.domain.status import TargetStatus
from smartscope.models import Hole, Session, Square
from smartscope.operations.choose_groups import LEFT_OVER, NEEDS_REVIEW, NOT_CHOSEN
from smartscope.operations.family import lock_family
from smartscope.operations.hole_edits import HoleEdits
from smartscope.operations.pending_edit import Manner, Outcome, PendingEdit
from smartscope.operations.regroup import Count
from smartscope.operations.regroup_edited import regrouping_of, tell_regrouped
from smartscope.operations.settle import settle_square
from smartscope.operations.target_rows import session_of
from smartscope.queries.visible import reader_of, visible_squares

T = TargetStatus
#: holes that wait for nothing but a plan
_PLANNABLE = LEFT_OVER | {NOT_CHOSEN, NEEDS_REVIEW}


@dataclass(frozen=True, slots=True)
class SquareRegrouped:
    """What the edit did, or would do, to a square's plan; `words` say it in a sentence."""

    outcome: Outcome
    before: Count
    after: Count
    words: str


@transaction.atomic
def regroup_square(actor: Actor, square_id: UUID, *, dry_run: bool = False) -> SquareRegrouped:
    """Group what waits, what was left out and what was to be looked at first; one changeset.

    What was issued or exposed stays, and so does what people took out. Raises NotFound, NotAllowed,
    and Conflict for a square without holes, one that was skipped, or an imported session.
    """
    edit = PendingEdit(actor)
    session, _ = session_of(visible_squares(reader_of(actor)), [square_id], "grid__session", edit)
    holes = Hole.objects.filter(square=square_id).values_list("pk", flat=True)
    family = lock_family(squares=[square_id], holes=holes)
    square = family.squares[square_id]
    _require_holes(session, square, family.holes)
    grid = family.grids[square.grid_id]
    edits = HoleEdits(edit, family.grids, family.squares, family.groups, family.members())
    also = [hole for hole in family.holes.values() if _plannable(hole)]
    work = regrouping_of(edits, grid, square, list(family.holes.values()))
    before = work.count()
    regrouped = work.solve(also, chooses=True)
    for hole in also:
        if hole.status == T.QUEUED:
            edits.wake(hole)
    summary = f"group the holes of {square.slug} anew"
    outcome = edit.commit(
        session,
        "hole.changed",
        matched=1,
        manner=Manner(dry_run=dry_run, summary=summary),
        grid=grid.pk,
    )
    if regrouped is None:
        return SquareRegrouped(outcome, before, before, f"{square.slug} stays grouped as it is")
    tell_regrouped(actor, session, outcome, [regrouped], f"{actor.name}'s word")
    if outcome.changeset is not None:
        settle_square(square)
    return SquareRegrouped(outcome, regrouped.before, regrouped.after, regrouped.words)


def _require_holes(session: Session, square: Square, holes: dict[UUID, Hole]) -> None:
    if session.imported:
        raise Conflict(f"{session.name} was imported: it is never driven.", code="not_capable")
    if square.status == T.SKIPPED:
        raise Conflict(
            f"{square.slug} was skipped; queue it again first.", code="illegal_transition"
        )
    if not holes:
        raise Conflict(
            f"No hole of {square.slug} is known; queue the square, and its holes are found.",
            code="illegal_transition",
        )


def _plannable(hole: Hole) -> bool:
    return (
        hole.status == T.FOUND
        and hole.reason in _PLANNABLE
        and not HOLE_LABELS.get(hole.label, False)
        and not hole.dose_uncertain
    )
