"""Groups for image shift: how many, how complete, how fast, beside a greedy cover and proven
minima.
"""

from __future__ import annotations

import csv
import json
import math
import time
from pathlib import Path

import numpy as np

from benchmarks.report import Report, main
from benchmarks.shared_data import shared_data
from smartscope.analysis.base import FloatArray
from smartscope.analysis.grouping.plan import group_holes
from smartscope.analysis.grouping.reach import Tilt, reach


def greedy_groups(positions: FloatArray, radius_um: float) -> int:
    """Baseline: open the centre that reaches most uncovered holes until all are covered."""
    graph = reach(positions, radius_um, Tilt())
    covered = np.zeros(len(positions), dtype=np.bool_)
    opened = 0
    while not covered.all():
        gain = [int((~covered[graph.of(centre)]).sum()) for centre in range(len(positions))]
        covered[graph.of(int(np.argmax(gain)))] = True
        opened += 1
    return opened


def published_loop(folder: Path) -> dict[tuple[str, float, int], tuple[int, float]]:
    """Recorded results of a published randomised loop: (lattice, radius, minimum) to groups,
    coverage.
    """
    with (folder / "results_all.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    best: dict[tuple[str, float, int], tuple[int, float]] = {}
    for row in rows:
        key = row["lattice"], float(row["radius_um"]), int(row["min_group_size"])
        value = int(row["n_groups"]), float(row["coverage"])
        if key not in best or (-value[1], value[0]) < (-best[key][1], best[key][0]):
            best[key] = value
    return best


def claims(quick: bool) -> Report:  # noqa: FBT001  the shared form of every benchmark
    """Image-shift groups against proven minima."""
    report = Report("Grouping holes for image shift")
    shared = shared_data()
    if shared is None:
        report.leave_out("the shared data folder is not beside the checkout")
        return report
    folder = shared / "grouping"
    cases = json.loads((folder / "reference_min_groups.json").read_text(encoding="utf-8"))
    group_holes(np.load(folder / cases[0]["lattice"]), radius_um=4.0)
    for case in cases:
        if quick and case["n_holes"] > 400 and case["radius_um"] > 4:
            continue
        positions, radius = np.load(folder / case["lattice"]), float(case["radius_um"])
        started = time.perf_counter()
        plan = group_holes(positions, radius_um=radius)
        seconds = time.perf_counter() - started
        name = f"{case['n_holes']} holes, R {radius:g} µm"
        report.at_most(
            f"{name}: groups at full coverage (minimum {case['min_groups_found']})",
            len(plan.groups) if not plan.dropped else math.inf,
            unit="groups",
            target=math.ceil(1.03 * case["min_groups_found"]),
            baseline=greedy_groups(positions, radius),
            baseline_name="greedy",
        )
        report.inform(f"{name}: time", seconds, unit="s")
    _minimum_sizes(report, folder)
    return report


def _minimum_sizes(report: Report, folder: Path) -> None:
    lattice = "sq_30x30_seed0.npy"
    positions = np.load(folder / lattice)
    recorded = published_loop(folder)
    for radius, smallest in ((4.0, 3), (8.0, 3), (7.5, 9)):
        plan = group_holes(positions, radius_um=radius, min_size=smallest)
        kept = 1 - len(plan.dropped) / len(positions)
        least = min(len(group.members) for group in plan.groups)
        loop = recorded.get((lattice, radius, smallest))
        name = f"{len(positions)} holes, R {radius:g} µm, at least {smallest}"
        report.at_least(
            f"{name}: coverage with {len(plan.groups)} groups",
            kept,
            unit="fraction",
            target=0.99,
            baseline=loop[1] if loop else None,
            baseline_name=f"published loop, recorded, {loop[0]} groups" if loop else None,
        )
        report.at_least(f"{name}: smallest group", least, unit="holes", target=smallest)


if __name__ == "__main__":
    raise SystemExit(main(claims))
