"""How well dirt and foil are masked in exposures, beside two published limits on the grey level.

Truth is the simulator's: dirt thicker than 30 nm of ice, and foil. A field that is all dirt or all
foil has nothing beside it to compare with: as in the service, the class that the network gives it
tells. The real micrograph's mask is another network's, so agreement with it is no truth.
"""

from __future__ import annotations

import gzip
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import mrcfile
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.exposure_samples import unseen_exposures
from benchmarks.report import Report, main
from benchmarks.shared_data import shared_data
from smartscope.analysis import registry
from smartscope.analysis.base import BoolArray, FloatImage
from smartscope.analysis.quality.classes import ExposureClass
from smartscope.analysis.quality.level_dirt import LevelDirtFinder
from smartscope.analysis.quality.mask import small_picture
from smartscope.analysis.quality.whole_field import with_whole_fields
from smartscope.training.exposures.samples import ExposureSample

_C = ExposureClass
DIRTY = (_C.CONTAMINATED, _C.FOIL)
CLEAN = (_C.GOOD, _C.NO_PARTICLES, _C.THICK, _C.BLURRED)
TARGET_IOU = 0.8
MOST_LOST = 0.01
#: a field that is nearly all dirt shows no ice to compare with
WHOLE = 0.95


@dataclass(frozen=True, slots=True)
class Scored:
    """Intersection over union of one exposure, or what was taken of a clean one."""

    label: ExposureClass
    covered: float
    ours: float
    limits: float
    seconds: float


def by_limits(image: FloatImage) -> BoolArray:
    """Dark or bright by 1.5 and 2 standard deviations of a 5 x 5 mean (MicrographCleaner)."""
    mean = ndimage.uniform_filter(image.astype(np.float64), 5)
    low, high = mean.mean() - 1.5 * mean.std(), mean.mean() + 2.0 * mean.std()
    return np.asarray((mean < low) | (mean > high))


def overlap(found: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    """Intersection over union."""
    return float((found & true).sum() / max((found | true).sum(), 1))


def score(shown: ExposureSample) -> Scored:
    """Mask one exposure both ways."""
    pixel = shown.pixel_size_angstrom
    began = time.process_time()
    levels = LevelDirtFinder().mask(shown.total, pixel_size_angstrom=pixel)
    seconds = time.process_time() - began
    seen = registry.quality_assessor("quality-network").assess(
        shown.total, shown.context, pixel_size_angstrom=pixel
    )
    found = with_whole_fields(levels, seen).mask
    image, _ = small_picture(shown.total, pixel)
    limits = by_limits(image)
    ratio = [n / m for n, m in zip(image.shape, shown.dirty.shape, strict=True)]
    true = ndimage.zoom(shown.dirty.astype(np.float32), ratio, order=1) > 0.5
    if shown.label in DIRTY:
        return Scored(
            shown.label, float(true.mean()), overlap(found, true), overlap(limits, true), seconds
        )
    return Scored(
        shown.label,
        float(true.mean()),
        float(found[~true].mean()),
        float(limits[~true].mean()),
        seconds,
    )


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """Dirt and foil in exposures."""
    report = Report(
        "Dirt and foil in exposures: simulated; by grey level, whole fields by their class"
    )
    scores = [score(each) for each in unseen_exposures(4 if quick else 25, (*DIRTY, *CLEAN))]
    for label in DIRTY:
        chosen = [each for each in scores if each.label is label and each.covered < WHOLE]
        _report_overlap(report, f"{label.value} ({len(chosen)})", chosen, judged=not quick)
    whole = [each for each in scores if each.label in DIRTY and each.covered >= WHOLE]
    _report_overlap(report, f"nothing but dirt or foil ({len(whole)})", whole, judged=not quick)
    clean = [each for each in scores if each.label in CLEAN]
    report.at_most(
        f"clean ice that is masked, mean of {len(clean)}: particles lost",
        float(np.mean([each.ours for each in clean])),
        unit="fraction",
        target=MOST_LOST,
        baseline=float(np.mean([each.limits for each in clean])),
        baseline_name="two limits",
    )
    report.inform("processor time", float(np.median([s.seconds for s in scores])), unit="s")
    _report_real(report)
    report.leave_out("a trained U-Net: none ships; it is switched off until one beats the levels.")
    return report


def _report_overlap(report: Report, name: str, scores: list[Scored], *, judged: bool) -> None:
    if not scores:
        report.leave_out(f"{name}: none was drawn.")
        return
    ours = float(np.mean([each.ours for each in scores]))
    limits = float(np.mean([each.limits for each in scores]))
    claim = f"{name}: IoU, mean"
    if judged:
        report.at_least(
            claim, ours, unit="IoU", target=TARGET_IOU, baseline=limits, baseline_name="two limits"
        )
    else:
        report.inform(claim, ours, unit="IoU", baseline=limits, baseline_name="two limits")
    report.inform(
        f"{name}: IoU, median", float(np.median([each.ours for each in scores])), unit="IoU"
    )


def _report_real(report: Report) -> None:
    folder = (shared_data() or Path()) / "real" / "contamination_micrograph"
    files = sorted((folder / "mics").glob("*.mrc"))
    if not files:
        report.leave_out("a real micrograph with a network's mask: the shared data are not here.")
        return
    with mrcfile.open(files[0], permissive=True) as opened:
        pixels, size = np.array(opened.data, dtype=np.float32), float(opened.voxel_size.x)
    with gzip.open(folder / "masks" / f"{files[0].stem}.mrc.gz") as packed:
        mask = mrcfile.mrcinterpreter.MrcInterpreter(packed).data
        true = np.array(mask, dtype=np.float32) > 0.5
    found = LevelDirtFinder().mask(pixels - pixels.min() + 1.0, pixel_size_angstrom=size or 1.0)
    ratio = [n / m for n, m in zip(found.mask.shape, true.shape, strict=True)]
    theirs = ndimage.zoom(true.astype(np.float32), ratio, order=1) > 0.5
    report.inform(
        f"sample {files[0].stem}: agreement with a network's mask",
        overlap(found.mask, theirs),
        unit="IoU",
    )


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))
