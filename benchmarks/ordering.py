"""What the order of squares and groups costs on the simulated column's own clock.

Overhead is what is not imaging or exposing: travel, switching between squares (with realigning and
height at the first visit), focus and waiting for drift. Every order drives the same column of the
same seed through the procedures of a night, with the bridge's rule of when focus holds; how time
and drift grow with distance is assumed by the simulator, so the gain is as good as that assumption.
How much there is to gain is told by the cheapest order, exact for small cases.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median
from uuid import UUID

import numpy as np

from benchmarks.column_time import load_and_atlas, night
from benchmarks.ordering_drive import PARTS, Choice, Cost, Rule, drive, imaged_squares
from benchmarks.ordering_optimum import cheapest_steps
from benchmarks.ordering_pictures import (
    DRIFT_LIMIT,
    RADIUS_UM,
    crowded_picture,
    specimen_picture,
)
from benchmarks.report import Report, main
from smartscope.domain.geometry import Point
from smartscope.domain.next_target import group_to_expose, square_to_image
from smartscope.domain.ordering import Stop, best_order
from smartscope.domain.snapshot import GridPicture
from smartscope.domain.status import TargetStatus
from smartscope.domain.travel import TravelModel

#: a decision on this many targets, in this time
TARGETS, DECISION_MS = 150, 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """How many squares, and how many groups of each (None: all)."""

    name: str
    squares: int
    groups: int | None


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
        waiting = imaged_squares(now)
        if queued and len(waiting) <= 1:
            return min(queued, key=lambda each: places[each.id]), None
        square, groups = min(waiting, key=lambda pair: places[pair[0].id])
        return square, min(groups, key=lambda group: ranks[group.id])

    return choose


def ours(grid: GridPicture, stage: Point) -> Choice:
    """The planner's own choices, taken anew from the present position every time."""
    square = square_to_image(grid, stage)
    if square is not None and len(imaged_squares(grid)) <= 1:
        return square.square, None
    imaged = tuple(
        each if each.status is TargetStatus.ANALYSED else replace(each, groups=())
        for each in grid.squares
    )
    group = group_to_expose(replace(grid, squares=imaged), stage)
    assert group is not None, "asked while something waits"
    return group.square, group.group


def cheapest(grid: GridPicture, start: Point) -> Rule:
    """A rule that follows the cheapest order there is by the model of travel."""
    model = TravelModel(drift_limit_angstrom_per_s=DRIFT_LIMIT)
    steps = iter(cheapest_steps(grid, start, model))

    def choose(now: GridPicture, _: Point) -> Choice:
        square, group = next(steps)
        return next(each for each in now.squares if each.id == square.id), group

    return choose


ORDERS: dict[str, Callable[[GridPicture, Point], Rule]] = {
    "number": lambda grid, _: by_list(grid, lambda points, _: list(range(len(points)))),
    "raster": lambda grid, _: by_list(
        grid, lambda points, row: _rows(points, row, to_and_fro=False)
    ),
    "serpentine": lambda grid, _: by_list(
        grid, lambda points, row: _rows(points, row, to_and_fro=True)
    ),
    "ours": lambda _, __: ours,
    "cheapest": cheapest,
}


def measured(case: Case, seeds: Sequence[int]) -> dict[str, list[Cost]]:
    """Each order on fresh columns of the same seeds; the cheapest where it can be found."""
    names = [name for name in ORDERS if name != "cheapest" or case.groups is not None]
    costs: dict[str, list[Cost]] = {name: [] for name in names}
    for seed in seeds:
        for name in names:
            with tempfile.TemporaryDirectory() as folder:
                one = night(Path(folder), "K3", seed)
                load_and_atlas(one)
                grid = specimen_picture(one, case.squares, case.groups)
                start = one.microscope.stage.position().point
                costs[name].append(drive(one, grid, ORDERS[name](grid, start)))
                one.microscope.close()
    return costs


def claims(quick: bool) -> Report:  # noqa: FBT001  the shared form of every benchmark
    """Overhead of five orders, by part; how long a decision takes."""
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
        "a real stage: distance-dependent time and drift are the simulator's assumption; the plane "
        "through earlier foci is not used to save autofocus"
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
    if "cheapest" in total:
        saved, there_is = total["number"] - total["ours"], total["number"] - total["cheapest"]
        report.inform(
            f"{case.name}: overhead of the cheapest order against number order",
            total["cheapest"] / total["number"],
            unit="ratio (exact by the model of travel; durations are drawn)",
        )
        report.inform(
            f"{case.name}: of what the cheapest order saves, ours saves",
            saved / there_is,
            unit="fraction",
        )
    for name, each in costs.items():
        parts = "; ".join(
            f"{part} {fmean(cost.seconds[part] for cost in each):.0f} s" for part in PARTS
        )
        path = fmean(cost.path_um for cost in each)
        switches = fmean(cost.switches for cost in each)
        foci = fmean(cost.focused for cost in each)
        report.inform(
            f"{case.name}, {name}: overhead",
            round(total[name]),
            unit=f"s ({parts}; path {path:.0f} µm, {switches:.0f} switches, {foci:.0f} foci)",
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
