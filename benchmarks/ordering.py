"""What the order of squares and groups costs on the simulated column's own clock.

Overhead is what is not exposing: travel, switching between squares (with realigning and height at
the first visit), focus and waiting for drift. Every order drives the same column of the same seed
through the same procedures; how time and drift grow with distance is assumed by the simulator, so
the gain is as good as that assumption.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean, median
from uuid import UUID

import numpy as np

from benchmarks.column_time import Night, load_and_atlas, night
from benchmarks.ordering_pictures import (
    DRIFT_LIMIT,
    RADIUS_UM,
    crowded_picture,
    specimen_picture,
)
from benchmarks.report import Report, main
from smartscope.domain.geometry import Point
from smartscope.domain.next_target import can_expose, group_to_expose, square_to_image
from smartscope.domain.ordering import Stop, best_order
from smartscope.domain.snapshot import GridPicture, GroupPicture, SquarePicture
from smartscope.domain.status import TargetStatus
from smartscope.domain.travel import TravelModel
from smartscope.microscope.errors import AutofocusFailed
from smartscope.microscope.procedures.requests import SquareRequest
from smartscope.microscope.procedures.square import square as image_square
from smartscope.microscope.values import Area

#: focus holds for moves shorter than this (µm), as in the travel model
FOCUS_WITHIN_UM = TravelModel().focus_within_um
#: one hole's exposure by image shift (K3): no overhead, but drift falls meanwhile
SHOT_S = 12.0
PARTS = ("travel", "switching", "focus", "drift")
#: a decision on this many targets, in this time
TARGETS, DECISION_MS = 150, 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """How many squares, and how many groups of each (None: all)."""

    name: str
    squares: int
    groups: int | None


@dataclass(slots=True)
class Cost:
    """Seconds of overhead by part, and the way the stage went."""

    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, 0.0))
    path_um: float = 0.0
    switches: int = 0

    @property
    def overhead_s(self) -> float:
        return sum(self.seconds.values())


Choice = tuple[SquarePicture, GroupPicture | None]
Rule = Callable[[GridPicture, Point], Choice]


def _open(grid: GridPicture) -> list[tuple[SquarePicture, list[GroupPicture]]]:
    """Imaged squares that have groups waiting, by number."""
    found = [
        (square, [group for group in square.groups if can_expose(square, group)])
        for square in grid.squares
        if square.status is TargetStatus.ANALYSED
    ]
    return [(square, groups) for square, groups in found if groups]


def _rows(points: Sequence[Point], height_um: float, *, to_and_fro: bool) -> list[int]:
    """Row by row from the lowest; every other row backwards when `to_and_fro`."""
    low = min(point.y_um for point in points)
    rows = [int((point.y_um - low) / height_um) for point in points]

    def place(index: int) -> tuple[int, float]:
        backwards = to_and_fro and rows[index] % 2 == 1
        return rows[index], -points[index].x_um if backwards else points[index].x_um

    return sorted(range(len(points)), key=place)


def by_list(grid: GridPicture, order: Callable[[Sequence[Point], float], list[int]]) -> Rule:
    """A rule that follows fixed lists: squares by theirs, in each its groups by theirs."""
    squares = [grid.squares[i] for i in order([each.stage for each in grid.squares], 83.0)]
    places = {square.id: place for place, square in enumerate(squares)}
    ranks: dict[UUID, int] = {}
    for square in grid.squares:
        listed = order([group.centre for group in square.groups], 2 * RADIUS_UM)
        ranks |= {square.groups[index].id: rank for rank, index in enumerate(listed)}

    def choose(now: GridPicture, _: Point) -> Choice:
        queued = [each for each in now.squares if each.status is TargetStatus.QUEUED]
        waiting = _open(now)
        if queued and len(waiting) <= 1:
            return min(queued, key=lambda each: places[each.id]), None
        square, groups = min(waiting, key=lambda pair: places[pair[0].id])
        return square, min(groups, key=lambda group: ranks[group.id])

    return choose


def ours(grid: GridPicture, stage: Point) -> Choice:
    """The planner's own choices, taken anew from the present position every time."""
    square = square_to_image(grid, stage)
    if square is not None and len(_open(grid)) <= 1:
        return square.square, None
    imaged = tuple(
        each if each.status is TargetStatus.ANALYSED else replace(each, groups=())
        for each in grid.squares
    )
    group = group_to_expose(replace(grid, squares=imaged), stage)
    assert group is not None, "asked while something waits"
    return group.square, group.group


def drive(one: Night, grid: GridPicture, rule: Rule) -> Cost:
    """Image every square and expose every group as `rule` says; what it cost."""
    cost, here = Cost(), UUID(int=0)
    at = one.microscope.stage.position().point
    while True:
        if not _open(grid) and all(s.status is not TargetStatus.QUEUED for s in grid.squares):
            return cost
        square, group = rule(grid, at)
        cost.switches += square.id != here
        to = square.stage if group is None else group.centre
        cost.path_um += at.distance_um(to)
        if group is None:
            _visit(one, cost, square)
            grid = _with(grid, replace(square, status=TargetStatus.ANALYSED))
        else:
            _expose(one, cost, group, moved_um=at.distance_um(to), elsewhere=square.id != here)
            left = tuple(each for each in square.groups if each.id != group.id)
            grid = _with(grid, replace(square, groups=left))
        at, here = to, square.id


def _with(grid: GridPicture, square: SquarePicture) -> GridPicture:
    squares = tuple(square if each.id == square.id else each for each in grid.squares)
    return replace(grid, squares=squares)


def _visit(one: Night, cost: Cost, square: SquarePicture) -> None:
    name = f"s{square.number}-{len(cost.seconds)}-{id(cost)}"
    request = SquareRequest(item=name, target=square.stage)
    cost.seconds["switching"] += 60.0 * one.minutes(image_square(one.microscope, request))


def _expose(
    one: Night, cost: Cost, group: GroupPicture, *, moved_um: float, elsewhere: bool
) -> None:
    """Go there, focus where the last focus does not hold, wait for drift; the shots only pass."""
    scope = one.microscope
    with _timed(one, cost, "switching" if elsewhere else "travel"):
        scope.optics.go_to(Area.HOLE)
        scope.stage.move_to(group.centre)
    if moved_um >= FOCUS_WITHIN_UM:
        # where it finds nothing to lock on, its time is spent all the same
        with _timed(one, cost, "focus"), suppress(AutofocusFailed):
            scope.tasks.autofocus()
    with _timed(one, cost, "drift"):
        scope.tasks.wait_for_drift(DRIFT_LIMIT, timeout_s=300.0)
    one.clock.spend(SHOT_S * len(group.holes))


class _timed:  # noqa: N801  used as a statement
    """Adds the column's time within the block to a part of the cost."""

    def __init__(self, one: Night, cost: Cost, part: str) -> None:
        self._one, self._cost, self._part = one, cost, part

    def __enter__(self) -> None:
        self._began_s = self._one.clock.now()

    def __exit__(self, *_: object) -> None:
        self._cost.seconds[self._part] += self._one.clock.now() - self._began_s


ORDERS: dict[str, Callable[[GridPicture], Rule]] = {
    "number": lambda grid: by_list(grid, lambda points, _: list(range(len(points)))),
    "raster": lambda grid: by_list(grid, lambda points, row: _rows(points, row, to_and_fro=False)),
    "serpentine": lambda grid: by_list(
        grid, lambda points, row: _rows(points, row, to_and_fro=True)
    ),
    "ours": lambda _: ours,
}


def measured(case: Case, seeds: Sequence[int]) -> dict[str, list[Cost]]:
    """Each order on fresh columns of the same seeds."""
    costs: dict[str, list[Cost]] = {name: [] for name in ORDERS}
    for seed in seeds:
        for name, order in ORDERS.items():
            with tempfile.TemporaryDirectory() as folder:
                one = night(Path(folder), "K3", seed)
                load_and_atlas(one)
                grid = specimen_picture(one, case.squares, case.groups)
                costs[name].append(drive(one, grid, order(grid)))
                one.microscope.close()
    return costs


def claims(quick: bool) -> Report:  # noqa: FBT001  the shared form of every benchmark
    """Overhead of four orders, by part; how long a decision takes."""
    report = Report("The order of squares and groups on the simulated column's clock")
    cases = (
        Case(name="3 squares, 8 groups each", squares=3, groups=8),
        Case(name="12 squares, 3 groups each", squares=12, groups=3),
        *(() if quick else (Case(name="3 squares, all groups", squares=3, groups=None),)),
    )
    for case in cases:
        _compare(report, case, measured(case, range(1 if quick else 5)))
    _decisions(report)
    report.leave_out(
        "a real stage: distance-dependent time and drift are the simulator's assumption; a run, "
        "which focuses at every group: here all four orders skip it after moves below 5 µm"
    )
    return report


def _compare(report: Report, case: Case, costs: dict[str, list[Cost]]) -> None:
    total = {name: fmean(cost.overhead_s for cost in each) for name, each in costs.items()}
    report.at_most(
        f"{case.name}: overhead against number order",
        total["ours"] / total["number"],
        unit="ratio",
        target=0.95,
        baseline=f"{total['raster'] / total['number']:.3f} (raster)",
    )
    report.at_most(
        f"{case.name}: overhead against serpentine",
        total["ours"] / total["serpentine"],
        unit="ratio",
        target=1.0,
    )
    for name, each in costs.items():
        parts = "; ".join(
            f"{part} {fmean(cost.seconds[part] for cost in each):.0f} s" for part in PARTS
        )
        path = fmean(cost.path_um for cost in each)
        switches = fmean(cost.switches for cost in each)
        report.inform(
            f"{case.name}, {name}: overhead",
            round(total[name]),
            unit=f"s ({parts}; path {path:.0f} µm, {switches:.0f} switches)",
        )


def _decisions(report: Report) -> None:
    """The median of nine, because other processes share the core's clock."""
    random = np.random.default_rng(5)
    stops = [
        Stop(Point(float(x), float(y)), number)
        for number, (x, y) in enumerate(random.uniform(0, 75.0, (TARGETS, 2)))
    ]
    model = TravelModel(drift_limit_angstrom_per_s=DRIFT_LIMIT)
    report.at_most(
        f"order of {TARGETS} targets, median of 9",
        median(_spent_ms(lambda stage: best_order(stage, stops, model))),
        unit="ms of one core",
        target=DECISION_MS,
    )
    grid = crowded_picture(100, 50, random)
    report.at_most(
        "next of 5000 waiting groups in 100 squares, median of 9",
        median(_spent_ms(lambda stage: group_to_expose(grid, stage))),
        unit="ms of one core",
        target=100.0,
    )


def _spent_ms(decide: Callable[[Point], object]) -> Iterator[float]:
    for corner in range(9):
        began = time.process_time()
        decide(Point(60.0 * corner, 50.0))
        yield 1000.0 * (time.process_time() - began)


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))
