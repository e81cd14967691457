"""How well particles are found without labels, by the one scoring rule, beside grey clusters.

Real: four β-galactosidase pictures, already denoised, with one expert's labels; two experts agree
to F1 .84 there. No weight was fitted to them, but the filter and the rule of the threshold were
chosen while looking at them: it is no blind test. Simulated: grids that nothing was fitted on;
broken particles count neither way. Where Topaz is installed (`topaz_program`), its own network is
asked too, without `--quick`, at the scale and threshold that hindsight finds best for it.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from benchmarks.picking_sets import Shown, real_micrographs, simulated_micrographs
from benchmarks.report import Report, main
from benchmarks.topaz_program import Asked, Best, topaz, topaz_at_its_best
from smartscope.analysis import chains, registry
from smartscope.analysis.picking.picks import Picker, Picks
from smartscope.analysis.picking.scoring import ImageScore, score_image, score_set

EXPERTS_F1 = 0.84
MOST_IN_EMPTY = 1
MOST_SECONDS = 2.0
BASELINE = "intensity-clusters"
#: an empty grid is searched for particles of this size
SOUGHT_ANGSTROM = 150.0
GRIDS, EACH = 2, 1
#: F1 beyond pretrained Topaz
BEYOND_TOPAZ = 0.03


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """Particles without labels."""
    report = Report("Particles without labels: four real pictures, and simulated micrographs")
    picker, clusters = registry.picker(chains.PICKER), registry.picker(BASELINE)
    _real(report, picker, clusters, quick=quick)
    _simulated(report, picker, clusters, quick=quick)
    if quick or topaz() is None:
        report.leave_out("Topaz, pretrained: set TOPAZ to its program, and leave out --quick.")
    report.leave_out("apoferritin: two pictures are here, their labels are not.")
    return report


def _pick(picker: Picker, shown: Shown, diameter: float | None) -> Picks:
    return picker.pick(
        shown.total,
        pixel_size_angstrom=shown.pixel_size_angstrom,
        diameter_angstrom=diameter,
        dirt=shown.dirt,
    )


def _real(report: Report, picker: Picker, clusters: Picker, *, quick: bool) -> None:
    pictures = list(real_micrographs())[: 1 if quick else None]
    if not pictures:
        report.leave_out("β-galactosidase: the shared data are not here.")
        return
    given, measured, baseline, seconds, sizes = [], [], [], [], []
    for shown in pictures:
        began = time.process_time()
        picks = _pick(picker, shown, shown.diameter_angstrom)
        seconds.append(time.process_time() - began)
        given.append(score_image(picks, shown.truth))
        alone = _pick(picker, shown, None)
        sizes.append(alone.diameter_angstrom or float("nan"))
        measured.append(score_image(alone, shown.truth))
        baseline.append(score_image(_pick(clusters, shown, shown.diameter_angstrom), shown.truth))
    _describe(report, f"β-gal ({len(pictures)} real)", given, baseline, target=EXPERTS_F1)
    rival = None if quick else _topaz(pictures)
    if rival is not None:
        report.inform(f"β-gal: F1 of {_named(rival)}", rival.score.f1, unit="F1")
    found = score_set(measured)
    report.inform("β-gal F1, size measured too", found.f1, unit="F1")
    report.inform("β-gal size measured", float(np.median(sizes)), unit="Å")
    report.at_most(
        "4096² by one core", float(np.median(seconds)), unit="s processor", target=MOST_SECONDS
    )


def _describe(
    report: Report,
    name: str,
    ours: list[ImageScore],
    baseline: list[ImageScore],
    *,
    target: float | None = None,
) -> None:
    found, other = score_set(ours), score_set(baseline)
    if target is None:
        report.inform(f"{name} F1", found.f1, unit="F1", baseline=other.f1, baseline_name=BASELINE)
    else:
        report.at_least(
            f"{name} F1",
            found.f1,
            unit="F1",
            target=target,
            baseline=other.f1,
            baseline_name=BASELINE,
        )
    report.inform(
        f"{name} 95 % of bootstraps", f"{found.f1_low:.3f}-{found.f1_high:.3f}", unit="F1"
    )
    for words, value, unit, beside in (
        ("precision", found.precision, "share", other.precision),
        ("recall", found.recall, "share", other.recall),
        ("average precision", found.average_precision, "AP", other.average_precision),
        ("F1 within 0.2 diameters", found.f1_centred, "F1", other.f1_centred),
        ("median offset", found.median_offset, "diameters", other.median_offset),
    ):
        report.inform(f"{name} {words}", value, unit=unit, baseline=beside, baseline_name=BASELINE)


def _simulated(report: Report, picker: Picker, clusters: Picker, *, quick: bool) -> None:
    grids, each = (1, 1) if quick else (GRIDS, EACH)
    ours: dict[str, list[ImageScore]] = defaultdict(list)
    theirs: dict[str, list[ImageScore]] = defaultdict(list)
    empty: list[int] = []
    empty_baseline: list[int] = []
    held: list[Shown] = []
    for shown in simulated_micrographs(grids, each):
        size = shown.diameter_angstrom
        picks, other = (_pick(one, shown, size or SOUGHT_ANGSTROM) for one in (picker, clusters))
        if size is None:
            empty.append(picks.count)
            empty_baseline.append(other.count)
            continue
        held.append(shown)
        ours[shown.name].append(score_image(picks, shown.truth))
        theirs[shown.name].append(score_image(other, shown.truth))
    _describe(report, "simulated, all", _all(ours.values()), _all(theirs.values()))
    rival = None if quick else _topaz(held)
    if rival is not None:
        report.at_least(
            "simulated, all F1 beyond pretrained Topaz's",
            score_set(_all(ours.values())).f1 - rival.score.f1,
            unit="F1",
            target=BEYOND_TOPAZ,
            baseline=rival.score.f1,
            baseline_name=_named(rival),
        )
    for name, scores in ours.items():
        report.inform(
            f"simulated {name} F1 ({sum(each.places for each in scores)})",
            score_set(scores).f1,
            unit="F1",
            baseline=score_set(theirs[name]).f1,
            baseline_name=BASELINE,
        )
    report.at_most(
        f"most picks in an empty micrograph ({len(empty)})",
        float(max(empty)),
        unit="picks",
        target=MOST_IN_EMPTY,
        baseline=float(max(empty_baseline)),
        baseline_name=BASELINE,
    )


def _topaz(pictures: list[Shown]) -> Best | None:
    """None where Topaz is not installed."""
    program = topaz()
    asked = [
        Asked(shown.total, shown.pixel_size_angstrom, shown.diameter_angstrom, shown.truth)
        for shown in pictures
        if shown.diameter_angstrom is not None
    ]
    return None if program is None else topaz_at_its_best(program, asked)


def _named(rival: Best) -> str:
    return f"Topaz, {rival.particle_px:g} px, from {rival.threshold:g}"


def _all(sets: Iterable[list[ImageScore]]) -> list[ImageScore]:
    return [each for scores in sets for each in scores]


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))
