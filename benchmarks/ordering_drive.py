"""One order of squares and groups, driven on the simulated column as the bridge drives a night.

The same procedures, the same rule for when focus holds, the same way out where autofocus finds
nothing. What a group's images and exposures take is not overhead, but drift falls meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from uuid import UUID

from benchmarks.column_time import Night
from benchmarks.ordering_pictures import DRIFT_LIMIT
from smartscope.domain.geometry import Point
from smartscope.domain.next_target import can_expose
from smartscope.domain.snapshot import GridPicture, GroupPicture, SquarePicture
from smartscope.domain.status import TargetStatus
from smartscope.microscope.errors import AutofocusFailed
from smartscope.microscope.procedures.group import expose_group
from smartscope.microscope.procedures.happenings import Checkpoint, Procedure, Produced
from smartscope.microscope.procedures.requests import (
    FocusPolicy,
    GroupMember,
    GroupRequest,
    SquareRequest,
)
from smartscope.microscope.procedures.square import square as image_square

#: one hole's exposure by image shift (K3), of all but the first of a group
SHOT_S = 12.0
#: overhead; "view" and "shots" are what one came for
PARTS = ("travel", "switching", "focus", "drift")
_PART_OF = {"autofocus": "focus", "drift": "drift", "view": "view", "expose": "shots"}

Choice = tuple[SquarePicture, GroupPicture | None]
Rule = Callable[[GridPicture, Point], Choice]


@dataclass(slots=True)
class Cost:
    """Seconds by part, and the way the stage went."""

    seconds: dict[str, float] = field(
        default_factory=lambda: dict.fromkeys((*PARTS, "view", "shots"), 0.0)
    )
    path_um: float = 0.0
    switches: int = 0
    focused: int = 0

    @property
    def overhead_s(self) -> float:
        return sum(self.seconds[part] for part in PARTS)


def imaged_squares(grid: GridPicture) -> list[tuple[SquarePicture, list[GroupPicture]]]:
    """Imaged squares that have groups waiting, by number."""
    found = [
        (square, [group for group in square.groups if can_expose(square, group)])
        for square in grid.squares
        if square.status is TargetStatus.ANALYSED
    ]
    return [(square, groups) for square, groups in found if groups]


def drive(one: Night, grid: GridPicture, rule: Rule) -> Cost:
    """Image every square and expose every group as `rule` says; what it cost."""
    return _Drive(one).all_of(grid, rule)


@dataclass(slots=True)
class _Drive:
    one: Night
    cost: Cost = field(default_factory=Cost)
    here: UUID | None = None
    #: the square, place and time of the last good autofocus
    last: tuple[UUID, Point, float] | None = None

    def all_of(self, grid: GridPicture, rule: Rule) -> Cost:
        at = self.one.microscope.stage.position().point
        while imaged_squares(grid) or any(
            square.status is TargetStatus.QUEUED for square in grid.squares
        ):
            square, group = rule(grid, at)
            elsewhere, self.here = square.id != self.here, square.id
            self.cost.switches += elsewhere
            to = square.stage if group is None else group.centre
            self.cost.path_um += at.distance_um(to)
            if group is None:
                self._visit(square)
                after = replace(square, status=TargetStatus.ANALYSED)
            else:
                self._expose(square, group, "switching" if elsewhere else "travel")
                left = tuple(each for each in square.groups if each.id != group.id)
                after = replace(square, groups=left)
            grid = replace(
                grid,
                squares=tuple(after if each.id == square.id else each for each in grid.squares),
            )
            at = to
        return self.cost

    def _visit(self, square: SquarePicture) -> None:
        request = SquareRequest(item=f"square {square.number}", target=square.stage)
        minutes = self.one.minutes(image_square(self.one.microscope, request))
        self.cost.seconds["switching"] += 60.0 * minutes

    def _expose(self, square: SquarePicture, group: GroupPicture, going: str) -> None:
        """As the bridge does, also where autofocus finds nothing: once more, without."""
        try:
            self._run(square, group, going, self._policy(square))
        except AutofocusFailed:
            self._run(square, group, going, FocusPolicy(never=True))
        self.one.clock.spend(SHOT_S * (len(group.holes) - 1))

    def _policy(self, square: SquarePicture) -> FocusPolicy:
        if self.last is None or self.last[0] != square.id:
            return FocusPolicy()
        return FocusPolicy(always=False, last_at=self.last[1], last_at_s=self.last[2])

    def _run(
        self, square: SquarePicture, group: GroupPicture, going: str, policy: FocusPolicy
    ) -> None:
        name = f"{square.number}-{group.number}{'-again' if policy.never else ''}"
        request = GroupRequest(
            view_item=f"{name}-view",
            centre=group.centre,
            members=(GroupMember(item=name, target=group.centre, defocus_um=1.5),),
            folder=self.one.folder,
            dose_e_per_a2=40.0,
            frames=1,
            focus=policy,
            drift_limit_angstrom_per_s=DRIFT_LIMIT,
        )
        for measured in self._timed(expose_group(self.one.microscope, request), going):
            if "focused_at_s" in measured:
                self.last = square.id, group.centre, float(measured["focused_at_s"])
                self.cost.focused += 1

    def _timed(self, procedure: Procedure, going: str) -> list[dict[str, float | str]]:
        """Runs it and books the time between its checkpoints; what the exposures measured."""
        measured, part, since_s = [], going, self.one.clock.now()
        try:
            for happening in procedure:
                if isinstance(happening, Checkpoint):
                    now_s = self.one.clock.now()
                    self.cost.seconds[part] += now_s - since_s
                    part, since_s = _PART_OF.get(happening.doing, going), now_s
                if isinstance(happening, Produced) and happening.files:
                    measured.append(dict(happening.measurements))
        finally:
            self.cost.seconds[part] += self.one.clock.now() - since_s
        return measured
