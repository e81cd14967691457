"""How well the class of an exposure is told, beside limits and beside the thickness of ice alone.

Simulated exposures of grids that nothing was fitted on; frames are moved back by their true motion
with an aligner's error. The ice of the hole is known as the square's image tells it, with 12 % and
3 nm error, and in a quarter not at all. Real images are a smoke test: three of each kind prove
nothing, their pixel is not known and no CTF goes with them.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from benchmarks.exposure_samples import unseen_exposures
from benchmarks.report import Report, main
from benchmarks.shared_data import shared_data
from smartscope.analysis import registry
from smartscope.analysis.base import UnusableImage
from smartscope.analysis.quality.classes import CLASSES, ExposureClass
from smartscope.analysis.quality.context import Context

Floats = NDArray[np.float64]

ASSUMED_PIXEL_ANGSTROM = 8.0
TARGET_AUC = 0.97
TARGET_CALIBRATION = 0.03
BINS = 10
EACH, QUICK_EACH = 25, 3
DRAWS = 200


def area_under_curve(scores: Floats, positive: NDArray[np.bool_]) -> float:
    """The chance that a positive scores above a negative, ties counted half; nan without either."""
    if positive.all() or not positive.any():
        return float("nan")
    apart = scores[positive][:, None] - scores[~positive][None, :]
    return float((np.sign(apart) + 1.0).mean() / 2.0)


def calibration_error(confidence: Floats, right: NDArray[np.bool_]) -> float:
    """|mean confidence - share right| over bins of confidence, weighted by their counts."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return float(
        sum(
            abs(float(confidence[bins == n].mean()) - float(right[bins == n].mean()))
            * float((bins == n).mean())
            for n in np.unique(bins)
        )
    )


def error_of_the_perfect(confidence: Floats) -> float:
    """The calibration error that confidences (N,) would show by chance if they were true."""
    rng = np.random.default_rng(5)
    drawn = rng.uniform(size=(DRAWS, len(confidence))) < confidence
    return float(np.mean([calibration_error(confidence, each) for each in drawn]))


def by_ice_alone(ice_nm: Floats, positive: NDArray[np.bool_]) -> float:
    """The best that thickness by brightness can do for one class: thin, thick, or usual."""
    level = np.log(np.where(np.isfinite(ice_nm), ice_nm, np.nanmedian(ice_nm)) + 3.0)
    middle = np.median(level[positive]) if positive.any() else 0.0
    scores = (level, -level, -np.abs(level - middle))
    return max(area_under_curve(each, positive) for each in scores)


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """Classes of exposures."""
    report = Report("Classes of exposures: simulated, on grids that nothing was fitted on")
    network = registry.quality_assessor("quality-network")
    rules = registry.quality_assessor("quality-rules")
    truth, said, ruled, ice, unknown, seconds = [], [], [], [], [], []
    for shown in unseen_exposures(QUICK_EACH if quick else EACH):
        began = time.process_time()
        seen = network.assess(
            shown.total, shown.context, pixel_size_angstrom=shown.pixel_size_angstrom
        )
        seconds.append(time.process_time() - began)
        limits = rules.assess(
            shown.total, shown.context, pixel_size_angstrom=shown.pixel_size_angstrom
        )
        truth.append(CLASSES.index(shown.label))
        said.append([seen.probabilities[each] for each in CLASSES])
        ruled.append(CLASSES.index(limits.label))
        known = shown.context.seen_ice_nm
        ice.append(np.nan if known is None else known)
        unknown.append(seen.label is ExposureClass.UNKNOWN)
    labels, given = np.array(truth), np.array(said)
    _report_classes(report, labels, given, np.array(ice), judged=not quick)
    chosen = given.argmax(axis=1)
    right = chosen == labels
    report.inform(
        f"named rightly ({len(labels)} exposures)",
        float(right.mean()),
        unit="fraction",
        baseline=float((np.array(ruled) == labels).mean()),
        baseline_name="limits",
    )
    error = calibration_error(given.max(axis=1), right)
    if quick:
        report.inform("calibration error", error, unit="fraction")
    else:
        report.at_most("calibration error", error, unit="fraction", target=TARGET_CALIBRATION)
    report.inform(
        "calibration error of true probabilities, by chance",
        error_of_the_perfect(given.max(axis=1)),
        unit="fraction",
    )
    report.inform("called unknown", float(np.mean(unknown)), unit="fraction")
    report.inform("processor time of one", float(np.median(seconds)), unit="s")
    _report_real(report)
    report.leave_out("ResNet-18 on the picture: not built; nothing says yet that it is needed.")
    if quick:
        report.leave_out("targets: they are for more exposures, run without --quick.")
    return report


def _report_classes(
    report: Report, labels: NDArray[np.int64], given: Floats, ice: Floats, *, judged: bool
) -> None:
    for number, name in enumerate(CLASSES):
        positive = labels == number
        ours = area_under_curve(given[:, number], positive)
        alone = by_ice_alone(ice, positive)
        claim = f"AUC of {name.value.replace('_', ' ')} ({int(positive.sum())})"
        if judged:
            report.at_least(
                claim,
                ours,
                unit="AUC",
                target=TARGET_AUC,
                baseline=alone,
                baseline_name="ice by brightness",
            )
        else:
            report.inform(
                claim, ours, unit="AUC", baseline=alone, baseline_name="ice by brightness"
            )


def _report_real(report: Report) -> None:
    folder = (shared_data() or Path()) / "real" / "micassess_examples"
    kinds = sorted(path for path in folder.glob("*") if path.is_dir())
    if not kinds:
        report.leave_out("18 real images (MicAssess): the shared data are not here.")
    network = registry.quality_assessor("quality-network")
    for kind in kinds:
        words = []
        for file in sorted(kind.glob("*.png")):
            pixels = np.asarray(PillowImage.open(file).convert("F"), dtype=np.float32)
            try:
                seen = network.assess(pixels, Context(), pixel_size_angstrom=ASSUMED_PIXEL_ANGSTROM)
            except UnusableImage:
                words.append("refused")
                continue
            words.append(seen.label.value)
        report.inform(f"sample {kind.name[:28]}", ", ".join(words), unit="")


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))
