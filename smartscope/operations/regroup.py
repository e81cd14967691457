"""Solve the groups of one square again, as part of an edit; what was issued or exposed stays.

Nothing is written here: the changes join the edit's, so that they are previewed, committed and
taken back with it, and the bridge sees all of them or none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from smartscope.analysis.grouping.plan import HoleGroup
from smartscope.analysis.grouping.soundness import within_limits
from smartscope.domain.status import SPENT, TargetStatus
from smartscope.models import Grid, Group, Hole, Square
from smartscope.operations.choose_groups import (
    NOT_CHOSEN,
    PlannedGroup,
    choose_groups,
    possible_groups,
    tilt_of,
)
from smartscope.operations.group_numbers import GroupNumbers
from smartscope.operations.group_rows import GroupRows
from smartscope.operations.pending_edit import PendingEdit

T = TargetStatus


@dataclass(frozen=True, slots=True)
class Count:
    """What a square's plan holds: groups that wait or were exposed, and holes that wait in them."""

    groups: int
    holes: int

    def as_values(self) -> dict[str, int]:
        """For an event."""
        return {"groups": self.groups, "holes": self.holes}


@dataclass(frozen=True, slots=True)
class Regrouped:
    """A square whose plan changed: how much it held before and after, which groups changed, and
    how many holes no group takes, by reason.
    """

    square: Square
    before: Count
    after: Count
    groups: tuple[UUID, ...]
    left_out: Mapping[str, int]

    @property
    def words(self) -> str:
        """As an event tells it."""
        text = (
            f"grouped anew: {self.before.groups} groups with {self.before.holes} holes waiting "
            f"became {self.after.groups} with {self.after.holes}"
        )
        left = ", ".join(f"{n} {reason}" for reason, n in sorted(self.left_out.items()))
        return f"{text}; left out: {left}" if left else text


@dataclass(slots=True)
class Regrouping:
    """One square with all its groups and holes, locked; `holes` by number."""

    edit: PendingEdit
    grid: Grid
    square: Square
    groups: dict[UUID, Group]
    holes: list[Hole]
    numbers: GroupNumbers

    def solve(self, also: Sequence[Hole] = (), *, chooses: bool = False) -> Regrouped | None:
        """Group what waits and the holes `also` given; None where nothing is better than now.

        A plan that still keeps within the limits stays, unless another takes more holes or needs
        fewer groups. `chooses` picks as many groups as the protocol asks for, as for a new square.
        A hole that a person queued is never left out.
        """
        pool = [*self._waiting(), *also]
        pool.sort(key=lambda hole: hole.number)
        before = self.count()
        plans, dropped = self._planned(pool, chooses=chooses)
        if self._stands(pool, plans, chooses=chooses):
            return None
        rows = GroupRows(self.edit, self.square, self.groups, self.numbers)
        changed = rows.write(self._open(), pool, plans)
        left = [rows.drop(pool[index], reason) for index, reason in dropped.items()]
        reasons = {reason: left.count(reason) for reason in left}
        return Regrouped(self.square, before, self.count(), tuple(changed), reasons)

    def _frozen(self) -> set[UUID]:
        """Groups that were begun: issued, exposed, or with a hole that the beam may have seen."""
        touched = {
            hole.group_id
            for hole in self.holes
            if TargetStatus(hole.status) in SPENT or hole.dose_uncertain
        }
        return {
            pk
            for pk, group in self.groups.items()
            if pk in touched or TargetStatus(group.status) in SPENT
        }

    def _waiting(self) -> list[Hole]:
        frozen = self._frozen()
        return [h for h in self.holes if h.status == T.QUEUED and h.group_id not in frozen]

    def _open(self) -> list[Group]:
        """Groups that wait and may be changed."""
        frozen = self._frozen()
        waiting = [g for g in self.groups.values() if g.status == T.QUEUED and g.pk not in frozen]
        return sorted(waiting, key=lambda group: group.number)

    def count(self) -> Count:
        """How much the plan holds as the edit stands."""
        begun = {pk for pk in self._frozen() if self.groups[pk].status != T.LOST}
        return Count(len(begun) + len(self._open()), sum(h.status == T.QUEUED for h in self.holes))

    def _begun(self, first: int) -> tuple[list[Hole], list[HoleGroup]]:
        """The holes of begun groups, numbered from `first`, and those groups as they stay."""
        holes: list[Hole] = []
        fixed = []
        for pk in sorted(self._frozen(), key=lambda pk: self.groups[pk].number):
            members = [hole for hole in self.holes if hole.group_id == pk]
            if not members:
                continue
            start = first + len(holes)
            centre = next((i for i, h in enumerate(members) if h.group_role == "centre"), 0)
            fixed.append(HoleGroup(start + centre, tuple(range(start, start + len(members)))))
            holes += members
        return holes, fixed

    def _planned(
        self, pool: list[Hole], *, chooses: bool
    ) -> tuple[list[PlannedGroup], dict[int, str]]:
        """The groups of the pool, and why each hole that none takes is left."""
        begun, fixed = self._begun(len(pool))
        holes = [*pool, *begun]
        found = possible_groups(self.grid, holes, fixed=fixed)
        stay = {group.centre for group in fixed}
        groups = [group for group in found.groups if group.centre not in stay]
        dropped = dict(found.dropped)
        ordered = [index for index in dropped if pool[index].queued_by_person]
        if ordered:
            own = possible_groups(self.grid, [pool[index] for index in ordered], min_size=1)
            groups += [
                HoleGroup(ordered[g.centre], tuple(ordered[m] for m in g.members))
                for g in own.groups
            ]
            dropped = {i: reason for i, reason in dropped.items() if i not in ordered}
        if not chooses:
            return [PlannedGroup(g.centre, g.members, "grouped anew") for g in groups], dropped
        by_person = [group for group in groups if _by_person(group, pool)]
        others = [g for g in groups if g not in by_person]
        chosen = choose_groups(self.grid, holes, others, [*fixed, *by_person])
        plans = [PlannedGroup(g.centre, g.members, "queued by a person") for g in by_person]
        plans += chosen
        taken = {index for plan in plans for index in plan.members}
        missed = {i: NOT_CHOSEN for i in range(len(pool)) if i not in taken and i not in dropped}
        return plans, dropped | missed

    def _stands(self, pool: list[Hole], plans: list[PlannedGroup], *, chooses: bool) -> bool:
        """Whether the present groups keep within the limits and the new plan is no better."""
        index = {hole.pk: number for number, hole in enumerate(pool)}
        present = []
        for group in self._open():
            members = [h for h in pool if h.status == T.QUEUED and h.group_id == group.pk]
            at = [index[h.pk] for h in members if h.group_role == "centre"]
            present.append(HoleGroup(at[0] if at else -1, tuple(index[h.pk] for h in members)))
        if {frozenset(g.members) for g in present} == {frozenset(p.members) for p in plans}:
            return all(_is_placed(group, pool, self._open()) for group in present)
        places = np.array([(h.stage_x_um, h.stage_y_um) for h in pool]).reshape(-1, 2)
        sound = all(
            within_limits(
                [group],
                places,
                radius_um=self.grid.image_shift_radius_um,
                min_size=1 if _by_person(group, pool) else self.grid.min_group_size,
                max_size=self.grid.max_group_size,
                tilt=tilt_of(self.grid),
            )
            for group in present
        )
        covered = sum(len(group.members) for group in present)
        more = sum(len(plan.members) for plan in plans) > covered
        return sound and not chooses and not more and len(plans) >= len(present)


def _is_placed(group: HoleGroup, pool: Sequence[Hole], groups: Sequence[Group]) -> bool:
    """Whether the group stands at its centre hole."""
    if group.centre < 0:
        return False
    centre = pool[group.centre]
    row = next(row for row in groups if row.pk == centre.group_id)
    return (row.stage_x_um, row.stage_y_um) == (centre.stage_x_um, centre.stage_y_um)


def _by_person(group: HoleGroup, pool: Sequence[Hole]) -> bool:
    return any(pool[member].queued_by_person for member in group.members)
