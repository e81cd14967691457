"""What a person's label, queueing and skipping do to one locked hole, and then to its group.

The planner exposes only the queued holes of a queued group, so both are kept in step here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from smartscope.domain.labels import GOOD, HOLE_LABELS
from smartscope.domain.status import (
    GROUP_MOVES,
    HOLE_MOVES,
    SPENT,
    SQUARE_MOVES,
    TargetStatus,
    moved,
)
from smartscope.models import Grid, Group, Hole, Square
from smartscope.models.ids import uuid7
from smartscope.operations.group_numbers import GroupNumbers
from smartscope.operations.pending_edit import PendingEdit
from smartscope.operations.square_edits import PERSON, Wanted, go_on, may_label, wake

T = TargetStatus


def is_mere_word(hole: Hole, label: str) -> bool:
    """Whether this label would leave the hole as much in or out of the plan as it is."""
    status = TargetStatus(hole.status)
    if HOLE_LABELS.get(label, False) and status in (T.FOUND, T.QUEUED):
        return False
    return not (status is T.REJECTED and (label == GOOD or hole.reason == PERSON))


@dataclass(slots=True)
class HoleEdits:
    """Edits holes; all rows given are locked, `members` are all holes of the groups given."""

    edit: PendingEdit
    grids: dict[UUID, Grid]
    squares: dict[UUID, Square]
    groups: dict[UUID, Group]
    members: dict[UUID, list[Hole]]
    #: groups that lost a queued hole, and whether it was only taken back
    left: dict[UUID, bool] = field(default_factory=dict)
    numbers: GroupNumbers = field(default_factory=GroupNumbers)
    #: holes that a person's word made possible again, without queueing them
    back: set[UUID] = field(default_factory=set)

    def apply(self, hole: Hole, wanted: Wanted) -> None:
        if wanted.label is not None and may_label(self.edit, hole, wanted, HOLE_LABELS):
            self._label(hole, wanted.label, may_plan=wanted.may_unqueue)
        if wanted.queue is not None:
            self._queue(hole) if wanted.queue else self._take_back(hole)
        if wanted.skip is not None:
            self._skip(hole) if wanted.skip else self._unskip(hole)

    def settle_groups(self) -> None:
        """A group none of whose holes is queued any more is not queued either."""
        for group_id, only_taken_back in self.left.items():
            group = self.groups[group_id]
            statuses = {TargetStatus(hole.status) for hole in self.members[group_id]}
            if group.status != T.QUEUED or T.QUEUED in statuses:
                continue
            if only_taken_back and not statuses & SPENT:
                self._move_group(group, T.FOUND)
            else:
                self._move_group(group, T.SKIPPED, PERSON)

    def follow(self) -> None:
        """After rows were set from elsewhere: queued holes are in queued groups, and only they.

        A hole whose group was imaged meanwhile gets its own; what was skipped stays skipped.
        """
        for hole in [hole for members in self.members.values() for hole in members]:
            group = self.groups[hole.group_id] if hole.group_id else None
            if hole.status == T.QUEUED and (group is None or group.status != T.QUEUED):
                self._queue_group(hole)
        for group_id, members in self.members.items():
            waiting = [hole for hole in members if hole.status == T.QUEUED]
            if any(hole.group_id == group_id for hole in waiting):
                self._go_on(self.squares[self.groups[group_id].square_id])
            else:
                self.left[group_id] = True
        self.settle_groups()

    def _go_on(self, square: Square) -> None:
        """A square that was done, on a grid that was done, has something to image again."""
        if square.status == T.DONE:
            self.edit.put("square", square, status=str(T.ANALYSED), reason="")
        if square.status != T.SKIPPED:
            go_on(self.edit, self.grids[square.grid_id])

    def _label(self, hole: Hole, label: str, *, may_plan: bool) -> None:
        mere = is_mere_word(hole, label)
        self.edit.put("hole", hole, label=label)
        if mere:
            return
        if hole.status == T.REJECTED:
            self._move(hole, T.FOUND)
            if may_plan:
                self.back.add(hole.pk)
        else:
            self._leave(hole, T.REJECTED, PERSON)

    def _queue(self, hole: Hole) -> None:
        status = TargetStatus(hole.status)
        if status in SPENT or hole.dose_uncertain:
            self._refuse(hole)
        elif HOLE_LABELS.get(hole.label, False):
            self.edit.skip(
                hole,
                "excluded_by_label",
                f"{hole.slug} is labelled {hole.label}; clear the label first",
            )
        elif status is T.QUEUED:
            self.edit.put("hole", hole, queued_by_person=True)
        else:
            self._move(hole, T.QUEUED)
            self.edit.put("hole", hole, queued_by_person=True)
            self._queue_group(hole)
            self.wake(hole)

    def _take_back(self, hole: Hole) -> None:
        status = TargetStatus(hole.status)
        if status is T.QUEUED:
            self._leave(hole, T.FOUND)
        elif status in SPENT:
            self._refuse(hole)

    def _skip(self, hole: Hole) -> None:
        status = TargetStatus(hole.status)
        if status in (T.FOUND, T.QUEUED):
            self._leave(hole, T.SKIPPED, PERSON)
        elif status in SPENT:
            self._refuse(hole)

    def _unskip(self, hole: Hole) -> None:
        if hole.status == T.SKIPPED:
            self._move(hole, T.FOUND)
            self.back.add(hole.pk)

    def _refuse(self, hole: Hole) -> None:
        self.edit.skip(hole, "already_exposed", f"{hole.slug} is {hole.status} already")

    def _leave(self, hole: Hole, to: TargetStatus, reason: str = "") -> None:
        if hole.status == T.QUEUED and hole.group_id in self.groups:
            only_taken_back = to is T.FOUND and self.left.get(hole.group_id, True)
            self.left[hole.group_id] = only_taken_back
        self._move(hole, to, reason)

    def _move(self, hole: Hole, to: TargetStatus, reason: str = "") -> None:
        status = moved(HOLE_MOVES, TargetStatus(hole.status), to, hole.slug)
        self.edit.put("hole", hole, status=str(status), reason=reason)
        if to is not T.QUEUED:
            self.edit.put("hole", hole, queued_by_person=False)

    def _queue_group(self, hole: Hole) -> None:
        """Its own group when no member was exposed yet, else a new one of this hole alone."""
        group = None if hole.group_id is None else self.groups.get(hole.group_id)
        spent = group is not None and any(
            TargetStatus(member.status) in SPENT for member in self.members[group.pk]
        )
        if group is None or spent or TargetStatus(group.status) in SPENT:
            self._own_group(hole)
        elif group.status != T.QUEUED:
            self._move_group(group, T.QUEUED)
            position = self.numbers.queue_position(hole.square_id)
            self.edit.put("group", group, queued_by_person=True, queue_position=position)
        else:
            self.edit.put("group", group, queued_by_person=True)

    def _own_group(self, hole: Hole) -> None:
        number = self.numbers.number(hole.square_id)
        square = self.squares[hole.square_id]
        group = Group(
            pk=uuid7(),
            square=square,
            number=number,
            slug=f"{square.slug}-p{number:02d}",
            status=str(T.QUEUED),
            queued_by_person=True,
            queue_position=self.numbers.queue_position(hole.square_id),
            stage_x_um=hole.stage_x_um,
            stage_y_um=hole.stage_y_um,
            stage_z_um=hole.stage_z_um,
        )
        self.edit.create("group", group, undone={"status": str(T.SKIPPED), "reason": PERSON})
        self.groups[group.pk] = group
        self.members[group.pk] = [hole]
        self.edit.put(
            "hole",
            hole,
            group_id=group.pk,
            group_role="centre",
            image_shift_x_um=0.0,
            image_shift_y_um=0.0,
        )

    def wake(self, hole: Hole) -> None:
        """The square and grid of a hole that waits now go on."""
        square = self.squares[hole.square_id]
        if square.status in (T.DONE, T.SKIPPED):
            status = moved(SQUARE_MOVES, TargetStatus(square.status), T.ANALYSED, square.slug)
            self.edit.put("square", square, status=str(status), reason="")
        wake(self.edit, self.grids[square.grid_id])

    def _move_group(self, group: Group, to: TargetStatus, reason: str = "") -> None:
        status = moved(GROUP_MOVES, TargetStatus(group.status), to, group.slug)
        self.edit.put("group", group, status=str(status), reason=reason)
        if to is not T.QUEUED:
            self.edit.put("group", group, queued_by_person=False, queue_position=None)
