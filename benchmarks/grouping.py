"""Groups for image shift: how many, how complete, how fast, beside a greedy cover, a rewrite of the
published random-order loop, and proven minima.
"""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

import numpy as np

from benchmarks.grouping_sets import HoleSet, hole_sets
from benchmarks.report import Report, main
from benchmarks.shared_data import shared_data
from smartscope.analysis.base import FloatArray, IntArray
from smartscope.analysis.grouping.exact import best_cover
from smartscope.analysis.grouping.plan import Grouping, group_holes
from smartscope.analysis.grouping.reach import Reach, Tilt, reach

#: of the published loop, as described: how often, when it gives up, what coverage weighs
LOOPS, PATIENCE, COVERAGE_WEIGHT = 500, 250, 2.0
#: neighbourhoods larger than this raise its minimum size to half of the largest
CROWDED = 20
MILP_NODES = 2000
SLOWEST_S = 0.5


def greedy_groups(graph: Reach) -> int:
    """Baseline: open the centre that reaches most uncovered holes until all are covered."""
    covered = np.zeros(len(graph), dtype=np.bool_)
    opened = 0
    while not covered.all():
        gain = [int((~covered[graph.of(centre)]).sum()) for centre in range(len(graph))]
        covered[graph.of(int(np.argmax(gain)))] = True
        opened += 1
    return opened


def random_order_loop(graph: Reach, *, min_size: int = 1, seed: int = 0) -> tuple[int, float]:
    """Baseline, our own rewrite of the published idea: (groups, coverage) of the best ordering.

    The rows of the distance matrix are put in random order; the row with most free holes in reach
    (the first of equals) takes them, until none can fill the minimum; what is left is lost. The
    score is 2 x coverage - groups / holes: how the published loop scales its groups is not known.
    """
    random = np.random.default_rng(seed)
    largest = int(graph.counts.max())
    smallest = max(min_size, largest // 2) if largest > CROWDED else min_size
    best, best_score, since = (0, 0.0), -math.inf, 0
    for _ in range(LOOPS):
        groups, coverage = _one_ordering(graph, random.permutation(len(graph)), smallest)
        score = COVERAGE_WEIGHT * coverage - groups / len(graph)
        since = 0 if score > best_score else since + 1
        if score > best_score:
            best, best_score = (groups, coverage), score
        if since >= PATIENCE:
            break
    return best


def _one_ordering(graph: Reach, order: IntArray, smallest: int) -> tuple[int, float]:
    free = np.ones(len(graph), dtype=np.bool_)
    gain = graph.counts.copy()
    groups = 0
    while True:
        centre = int(order[np.argmax(np.where(free, gain, 0)[order])])
        if not free[centre] or gain[centre] < smallest:
            return groups, 1.0 - float(free.mean())
        near = graph.of(centre)
        taken = near[free[near]]
        free[taken] = False
        for hole in taken:
            gain[graph.of(int(hole))] -= 1
        groups += 1


def milp_groups(graph: Reach) -> int | None:
    """The proven minimum by integer programme, each component apart; `None` when not proven."""
    labels, total = graph.components(), 0
    for label in range(int(labels.max()) + 1):
        part = graph.part(np.flatnonzero(labels == label))
        every = np.ones(len(part), dtype=np.bool_)
        centres = best_cover(part, every, fewer_than=len(part) + 1, nodes=MILP_NODES)
        if centres is None:
            return None
        total += len(centres)
    return total


def timed(holes: HoleSet, radius_um: float, min_size: int = 1) -> tuple[Grouping, float]:
    """The plan, and the processor seconds one core spent on it."""
    started = time.process_time()
    plan = group_holes(holes.positions_um, radius_um=radius_um, min_size=min_size, tilt=holes.tilt)
    return plan, time.process_time() - started


def claims(quick: bool) -> Report:  # noqa: FBT001  the shared form of every benchmark
    """Image-shift groups against proven minima."""
    report = Report("Grouping holes for image shift")
    sets = hole_sets(40.0 if quick else 50.0)
    timed(sets[0], 4.0)  # compiles the search where that was not done before
    for holes in sets:
        for radius in (8.0,) if quick else (4.0, 8.0):
            minimum = milp_groups(_graph(holes, radius))
            _groups(report, holes, radius, minimum, "minimum, integer programme in this run")
    shared = shared_data()
    if shared is None:
        report.leave_out("the shared data folder is not beside the checkout")
        return report
    _reference_cases(report, shared / "grouping", quick=quick)
    _minimum_sizes(report, shared / "grouping", quick=quick)
    return report


def _graph(holes: HoleSet, radius_um: float) -> Reach:
    order = np.lexsort((holes.positions_um[:, 1], holes.positions_um[:, 0]))
    return reach(holes.positions_um[order], radius_um, holes.tilt)


def _groups(
    report: Report, holes: HoleSet, radius: float, minimum: int | None, known_from: str
) -> float:
    """Rows of one case; returns the seconds it took."""
    plan, seconds = timed(holes, radius)
    graph = _graph(holes, radius)
    loop, coverage = random_order_loop(graph)
    name = f"{holes.name}, {len(holes.positions_um)} holes, R {radius:g} µm"
    if minimum is None:
        report.leave_out(f"the minimum of {name}: not proven within {MILP_NODES} nodes")
        return seconds
    report.at_most(
        f"{name}: groups at full coverage ({minimum}: {known_from})",
        len(plan.groups) if not plan.dropped else math.inf,
        unit=f"groups, {seconds:.2f} s",
        target=math.ceil(1.03 * minimum),
        baseline=f"{greedy_groups(graph)} (greedy); {loop} at {100 * coverage:.0f} % (loop)",
    )
    return seconds


def _reference_cases(report: Report, folder: Path, *, quick: bool) -> None:
    cases = json.loads((folder / "reference_min_groups.json").read_text(encoding="utf-8"))
    slowest = 0.0
    for case in cases:
        if quick and case["n_holes"] > 400 and case["radius_um"] > 4:
            continue
        holes = HoleSet("square", np.load(folder / case["lattice"]), Tilt())
        known = case["min_groups_found"]
        seconds = _groups(report, holes, float(case["radius_um"]), known, "proven minimum")
        slowest = max(slowest, seconds)
    report.at_most(
        "slowest of these, up to 760 holes, one core", slowest, unit="s", target=SLOWEST_S
    )
    holes = HoleSet("square", np.load(folder / "sq_30x30_seed0.npy"), Tilt())
    report.at_most(
        "760 holes, R 4 µm: plans of 5 orders of the same holes that differ",
        _orders_that_differ(holes.positions_um, 4.0),
        unit="plans",
        target=0,
    )


def _orders_that_differ(positions: FloatArray, radius: float) -> int:
    plain = {frozenset(g.members) for g in group_holes(positions, radius_um=radius).groups}
    different = 0
    for seed in range(5):
        shuffle = np.random.default_rng(seed).permutation(len(positions))
        mixed = group_holes(positions[shuffle], radius_um=radius)
        back = {frozenset(int(shuffle[m]) for m in group.members) for group in mixed.groups}
        different += back != plain
    return different


def _minimum_sizes(report: Report, folder: Path, *, quick: bool) -> None:
    holes = HoleSet("square", np.load(folder / "sq_30x30_seed0.npy"), Tilt())
    for radius, smallest in ((4.0, 3),) if quick else ((4.0, 3), (8.0, 3), (7.5, 9), (4.0, 5)):
        plan, seconds = timed(holes, radius, smallest)
        loop, coverage = random_order_loop(_graph(holes, radius), min_size=smallest)
        name = f"{len(holes.positions_um)} holes, R {radius:g} µm, at least {smallest}"
        report.at_least(
            f"{name}: coverage with {len(plan.groups)} groups, {seconds:.2f} s",
            1 - len(plan.dropped) / len(holes.positions_um),
            unit="fraction",
            target=0.99,
            baseline=coverage,
            baseline_name=f"loop, {loop} groups",
        )
        least = min(len(group.members) for group in plan.groups)
        report.at_least(f"{name}: smallest group", least, unit="holes", target=smallest)


if __name__ == "__main__":
    raise SystemExit(main(claims))
