"""What two pickers together are worth, beside the better one, their union and their intersection.

Simulated grids that nothing was fitted on; sizes are given. Union and intersection take what each
picker itself holds for picked.
"""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.picking_sets import simulated_micrographs
from benchmarks.report import Report, main
from smartscope.analysis import registry
from smartscope.analysis.picking.consensus import cliques, consensus
from smartscope.analysis.picking.picks import Picks
from smartscope.analysis.picking.scoring import ImageScore, score_image, score_set

NAMES = ("matched-picker", "intensity-clusters")
GRIDS, EACH = 2, 1


def votes(answers: list[Picks], *, diameter_px: float, least: int) -> Picks:
    """What at least so many pickers hold for picked."""
    sure = [_picked(each) for each in answers]
    found = cliques(sure, diameter_px=diameter_px)
    count = np.isfinite(found.sureness).sum(axis=1)
    kept = count >= least
    return Picks(
        centres_px=found.centres_px[kept],
        scores=count[kept].astype(np.float64),
        threshold=float(least),
        diameter_angstrom=None,
    )


def _picked(picks: Picks) -> Picks:
    sure = picks.scores >= picks.threshold
    return Picks(
        centres_px=picks.centres_px[sure],
        scores=picks.scores[sure],
        threshold=picks.threshold,
        diameter_angstrom=picks.diameter_angstrom,
    )


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """Pickers together."""
    report = Report("Two pickers together: simulated, on grids that nothing was fitted on")
    scores: dict[str, list[ImageScore]] = {}
    for shown in simulated_micrographs(1 if quick else GRIDS, EACH):
        size = shown.diameter_angstrom
        if size is None:
            continue
        diameter_px = size / shown.pixel_size_angstrom
        answers = {
            name: registry.picker(name).pick(
                shown.total,
                pixel_size_angstrom=shown.pixel_size_angstrom,
                diameter_angstrom=size,
                dirt=shown.dirt,
            )
            for name in NAMES
        }
        both = list(answers.values())
        said = {
            **answers,
            "union": votes(both, diameter_px=diameter_px, least=1),
            "intersection": votes(both, diameter_px=diameter_px, least=len(NAMES)),
            "consensus": consensus(answers, diameter_px=diameter_px),
        }
        for name, picks in said.items():
            scores.setdefault(name, []).append(score_image(picks, shown.truth))
    f1 = {name: score_set(each).f1 for name, each in scores.items()}
    best = max(NAMES, key=lambda name: f1[name])
    for name in (*NAMES, "union", "intersection"):
        report.inform(f"F1 of {name}", f1[name], unit="F1")
    report.at_least(
        f"F1 of consensus ({len(scores['consensus'])} micrographs)",
        f1["consensus"],
        unit="F1",
        target=round(f1[best], 4),
        baseline=f1[best],
        baseline_name=best,
    )
    return report


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))
