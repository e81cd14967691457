"""What a person's label, queueing and skipping do to one locked square."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Max

from smartscope.domain.labels import GOOD, SQUARE_LABELS
from smartscope.domain.status import GRID_MOVES, SQUARE_MOVES, GridStatus, TargetStatus, moved
from smartscope.models import Atlas, Grid, Group, Hole, Square
from smartscope.operations.pending_edit import PendingEdit

PERSON = "person"
T, G = TargetStatus, GridStatus
#: taken back from the queue, or never in it: nothing was spent
UNTOUCHED = frozenset({T.FOUND, T.QUEUED, T.SKIPPED, T.REJECTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be set; None leaves it. A label of "" clears.

    Without `may_unqueue` a label that would take a target out of the queue is refused.
    """

    label: str | None = None
    queue: bool | None = None
    skip: bool | None = None
    may_unqueue: bool = True


@dataclass(slots=True)
class SquareEdits:
    """Edits squares of locked grids; queue positions go on from the last one."""

    edit: PendingEdit
    grids: dict[UUID, Grid]
    #: the last queue position given, by grid
    last: dict[UUID, int] = field(default_factory=dict)

    def apply(self, square: Square, wanted: Wanted) -> None:
        if wanted.label is not None and may_label(self.edit, square, wanted, SQUARE_LABELS):
            self._label(square, wanted.label)
        if wanted.queue is not None:
            self._queue(square) if wanted.queue else self._unqueue(square)
        if wanted.skip is not None:
            self._skip(square) if wanted.skip else self._unskip(square)

    def _label(self, square: Square, label: str) -> None:
        status = TargetStatus(square.status)
        self.edit.put("square", square, label=label)
        if SQUARE_LABELS.get(label, False) and status in (T.FOUND, T.QUEUED):
            self._move(square, T.REJECTED, PERSON)
        elif status is T.REJECTED and (label == GOOD or square.reason == PERSON):
            self._move(square, T.FOUND)

    def _queue(self, square: Square) -> None:
        status = TargetStatus(square.status)
        if status is T.QUEUED:
            self.edit.put("square", square, queued_by_person=True)
        elif status not in UNTOUCHED:
            self.edit.skip(square, "already_exposed", f"{square.slug} is {status} already")
        elif SQUARE_LABELS.get(square.label, False):
            self.edit.skip(
                square,
                "excluded_by_label",
                f"{square.slug} is labelled {square.label}; clear the label first",
            )
        elif square.image_id is not None:
            # its view was taken before it was skipped: what is left are its holes
            self._move(square, T.ANALYSED)
            wake(self.edit, self.grids[square.grid_id])
        else:
            self._move(square, T.QUEUED)
            self.edit.put(
                "square",
                square,
                queued_by_person=True,
                queue_position=self._next_position(square.grid_id),
            )
            wake(self.edit, self.grids[square.grid_id])

    def _unqueue(self, square: Square) -> None:
        if square.status == T.QUEUED:
            self._move(square, T.FOUND)
        elif TargetStatus(square.status) not in UNTOUCHED:
            self.edit.skip(square, "already_exposed", f"{square.slug} is {square.status} already")

    def _skip(self, square: Square) -> None:
        if square.status in (T.FOUND, T.QUEUED):
            self._move(square, T.SKIPPED, PERSON)
        elif TargetStatus(square.status) not in UNTOUCHED:
            self.edit.skip(square, "already_exposed", f"{square.slug} is {square.status} already")

    def _unskip(self, square: Square) -> None:
        if square.status == T.SKIPPED:
            self._move(square, T.FOUND if square.image_id is None else T.ANALYSED)
            self.follow(square)

    def follow(self, square: Square) -> None:
        """A grid that was done goes on when this square has something to image."""
        if square.status == T.QUEUED or (square.status == T.ANALYSED and _waits(square)):
            go_on(self.edit, self.grids[square.grid_id])

    def _move(self, square: Square, to: TargetStatus, reason: str = "") -> None:
        status = moved(SQUARE_MOVES, TargetStatus(square.status), to, square.slug)
        self.edit.put("square", square, status=str(status), reason=reason)
        if to is not T.QUEUED:
            self.edit.put("square", square, queued_by_person=False, queue_position=None)

    def _next_position(self, grid: UUID) -> int:
        """Beyond the last one; the grid is locked, so nobody else adds."""
        if grid not in self.last:
            squares = Square.objects.filter(grid=grid)
            self.last[grid] = squares.aggregate(last=Max("queue_position"))["last"] or 0
        self.last[grid] += 1
        return self.last[grid]


def may_label(
    edit: PendingEdit, target: Square | Hole, wanted: Wanted, excluding: Mapping[str, bool]
) -> bool:
    """Who may only label does not decide what is imaged: a queued target is refused and noted."""
    unqueues = target.status == T.QUEUED and excluding.get(wanted.label or "", False)
    if wanted.may_unqueue or not unqueues:
        return True
    edit.skip(
        target,
        "not_allowed",
        f"{target.slug} is queued, and the label {wanted.label} would take it out; "
        "that needs a token with the scope plan",
    )
    return False


def _waits(square: Square) -> bool:
    return Group.objects.filter(square=square, status=T.QUEUED, holes__status=T.QUEUED).exists()


def go_on(edit: PendingEdit, grid: Grid) -> None:
    """A grid that was done goes on; one that was skipped or failed waits for a person's word."""
    if grid.status == G.DONE:
        wake(edit, grid)


def wake(edit: PendingEdit, grid: Grid) -> None:
    """A grid that had ended goes on when something new waits on it."""
    if grid.status not in (G.DONE, G.SKIPPED, G.FAILED):
        return
    has_atlas = Atlas.objects.filter(grid=grid).exists()
    to = G.WORKING if has_atlas else G.WAITING
    status = moved(GRID_MOVES, GridStatus(grid.status), to, f"grid {grid.name}")
    edit.put("grid", grid, status=str(status), status_reason="", ended_at_s=None)
    if not has_atlas:
        # a new visit: what was lost in the last one does not count against it
        edit.put("grid", grid, started_at_s=None)
