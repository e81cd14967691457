"""Rows of a square's groups as a new plan wants them: filled again, made, or closed; as an edit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from smartscope.domain.status import GROUP_MOVES, HOLE_MOVES, TargetStatus, moved
from smartscope.models import Group, Hole, Square
from smartscope.models.ids import uuid7
from smartscope.operations.choose_groups import PlannedGroup
from smartscope.operations.group_numbers import GroupNumbers
from smartscope.operations.pending_edit import PendingEdit

T = TargetStatus
#: the reason of a group whose holes all went to others
REGROUPED = "regrouped"


@dataclass(slots=True)
class GroupRows:
    """Writes plans of one square into an edit; its square, groups and holes are locked."""

    edit: PendingEdit
    square: Square
    groups: dict[UUID, Group]
    numbers: GroupNumbers

    def write(
        self, present: Sequence[Group], pool: Sequence[Hole], plans: Sequence[PlannedGroup]
    ) -> list[UUID]:
        """Ids of the groups that change. A plan takes the `present` group that most of its holes
        are in already; more are made, and those left over are closed.
        """
        spare = {group.pk: group for group in present}
        given: dict[int, Group] = {}
        for number, pk in _nearest(pool, plans, present):
            if number not in given and pk in spare:
                given[number] = spare.pop(pk)
        changed: list[UUID] = []
        for number, plan in enumerate(plans):
            group = given.get(number)
            if group is None:
                group = spare.pop(next(iter(spare))) if spare else self._new_group()
            changed.append(self._fill(group, pool, plan))
        return changed + [self._close(group) for group in spare.values()]

    def drop(self, hole: Hole, reason: str) -> str:
        """The hole waits no longer, for this reason."""
        status = T(hole.status)
        if status is not T.FOUND:
            status = moved(HOLE_MOVES, status, T.FOUND, hole.slug)
        self.edit.put(
            "hole",
            hole,
            status=str(status),
            reason=reason,
            group_id=None,
            group_role="",
            image_shift_x_um=None,
            image_shift_y_um=None,
            chosen_because="",
        )
        return reason

    def _new_group(self) -> Group:
        number = self.numbers.number(self.square.pk)
        group = Group(
            pk=uuid7(),
            square=self.square,
            number=number,
            slug=f"{self.square.slug}-p{number:02d}",
            status=str(T.QUEUED),
            queue_position=self.numbers.queue_position(self.square.pk),
            stage_x_um=0.0,
            stage_y_um=0.0,
            stage_z_um=self.square.stage_z_um,
        )
        self.edit.create("group", group, undone={"status": str(T.SKIPPED), "reason": REGROUPED})
        self.groups[group.pk] = group
        return group

    def _close(self, group: Group) -> UUID:
        if self.edit.forget("group", group):
            del self.groups[group.pk]
            return group.pk
        status = moved(GROUP_MOVES, TargetStatus(group.status), T.SKIPPED, group.slug)
        self.edit.put(
            "group",
            group,
            status=str(status),
            reason=REGROUPED,
            queued_by_person=False,
            queue_position=None,
        )
        return group.pk

    def _fill(self, group: Group, pool: Sequence[Hole], plan: PlannedGroup) -> UUID:
        centre, members = pool[plan.centre], [pool[index] for index in plan.members]
        shifts = [(h.stage_x_um - centre.stage_x_um, h.stage_y_um - centre.stage_y_um)
                  for h in members]  # fmt: skip
        self.edit.put(
            "group",
            group,
            stage_x_um=centre.stage_x_um,
            stage_y_um=centre.stage_y_um,
            longest_shift_um=max(math.hypot(*shift) for shift in shifts),
            queued_by_person=any(hole.queued_by_person for hole in members),
            chosen_because=group.chosen_because or plan.why,
        )
        for hole, (x_um, y_um) in zip(members, shifts, strict=True):
            self._place(hole, group, x_um, y_um, is_centre=hole is centre)
        return group.pk

    def _place(
        self, hole: Hole, group: Group, x_um: float, y_um: float, *, is_centre: bool
    ) -> None:
        status = T(hole.status)
        if status is not T.QUEUED:
            status = moved(HOLE_MOVES, status, T.QUEUED, hole.slug)
        self.edit.put(
            "hole",
            hole,
            status=str(status),
            reason="",
            group_id=group.pk,
            group_role="centre" if is_centre else "member",
            image_shift_x_um=x_um,
            image_shift_y_um=y_um,
            chosen_because=place_words(x_um, y_um, is_centre=is_centre),
        )


def place_words(x_um: float, y_um: float, *, is_centre: bool) -> str:
    """Why a hole is where it is in its group."""
    if is_centre:
        return "the centre of its group"
    return f"in its group, {math.hypot(x_um, y_um):.1f} µm off the centre"


def _nearest(
    pool: Sequence[Hole], plans: Sequence[PlannedGroup], present: Iterable[Group]
) -> list[tuple[int, UUID]]:
    """Pairs of plan and group that share holes, those that share most first."""
    order = {group.pk: group.number for group in present}
    shared: dict[tuple[int, UUID], int] = {}
    for number, plan in enumerate(plans):
        for member in plan.members:
            pk = pool[member].group_id
            if pk in order:
                shared[number, pk] = shared.get((number, pk), 0) + 1
    return sorted(shared, key=lambda pair: (-shared[pair], order[pair[1]], pair[0]))
