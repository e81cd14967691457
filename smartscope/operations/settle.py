"""Move groups and squares up their ladders once all that belongs to them has ended."""

from __future__ import annotations

from collections.abc import Iterable

from smartscope.domain.status import (
    GROUP_MOVES,
    SQUARE_MOVES,
    AnalysisState,
    TargetStatus,
    moved,
)
from smartscope.models import Analysis, Group, Hole, Square
from smartscope.operations.pending_edit import Outcome

T = TargetStatus
#: members in one of these keep a group or square from ending
_WAITING = (T.QUEUED, T.IMAGING)
_MEASURED = "measure_exposure"


def settle_group(group: Group) -> None:
    """After a member changed: an imaged group whose members are all judged is done."""
    group.refresh_from_db(fields=["status"])
    if group.status == T.IMAGED and not _holes_open(group):
        for to in (T.ANALYSED, T.DONE):
            group.status = moved(GROUP_MOVES, T(group.status), to, f"group {group.slug}")
        group.save(update_fields=["status", "updated_at"])
    settle_square(group.square)


def settle_square(square: Square) -> None:
    """An analysed square is done when none of its groups waits and none of its holes is open."""
    square.refresh_from_db(fields=["status"])
    if square.status != T.ANALYSED:
        return
    if square.groups.filter(status__in=_WAITING).exists() or _holes_open(square):
        return
    square.status = moved(SQUARE_MOVES, T(square.status), T.DONE, f"square {square.slug}")
    square.save(update_fields=["status", "updated_at"])


def settle_squares(outcome: Outcome, squares: Iterable[Square]) -> None:
    """After an edit that was written: squares in which nothing waits any more are done."""
    if outcome.changeset is not None:
        for square in squares:
            settle_square(square)


def settle_exposed(analysis: Analysis) -> None:
    """An exposure was given up unmeasured: nothing waits for its hole any more."""
    hole = Hole.objects.filter(exposures__movie=analysis.image_id).first()
    if hole is not None and (group := lock_above(hole)) is not None:
        settle_group(group)


def lock_above(hole: Hole) -> Group | None:
    """Lock the hole's square, then its group: of two last members one sees the other's end."""
    Square.objects.select_for_update(of=("self",), no_key=True).get(pk=hole.square_id)
    if hole.group_id is None:
        return None
    return Group.objects.select_for_update(of=("self",), no_key=True).get(pk=hole.group_id)


def _holes_open(parent: Group | Square) -> bool:
    """Whether a hole waits for its dose, or an exposed one for its measurement.

    An exposure whose analysis is dead waits for nobody; a retry may still measure it.
    """
    if parent.holes.filter(status__in=_WAITING).exists():
        return True
    exposed = parent.holes.filter(status=T.IMAGED)
    return Analysis.objects.filter(
        kind=_MEASURED,
        image__in=exposed.values("exposures__movie"),
        state__in=(AnalysisState.WANTED, AnalysisState.RUNNING),
    ).exists()
