"""Six classes of grid squares: a small network beside logistic classes and plain limits.

Simulated atlases are of grids that nothing was trained or tuned on; the real squares were named by
eye, twice (labels/real_squares.json). Set SHEET to a file to see the real ones with both names.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection_scores import Detections, average_precision, box_overlaps, kappa
from benchmarks.limit_squares import LimitSquareFinder
from benchmarks.real_labels import named_twice
from benchmarks.real_squares import FILES, MESH, SAME_SQUARE_SIDES, Labelled, read_atlas
from benchmarks.report import Report, main, mean
from benchmarks.scenes import match, take_atlas
from benchmarks.shared_data import shared_data
from benchmarks.square_sheet import Shown, draw_sheet
from smartscope.analysis import registry
from smartscope.analysis.base import FindContext, Finder, Findings, FloatArray, Image, Level
from smartscope.microscope.simulator.specimen.spec import Preset, preset_spec
from smartscope.training.atlases import stream_atlases
from smartscope.training.samples import AtlasSample
from smartscope.training.split import Split
from smartscope.training.squares.calibration import calibration_error
from smartscope.training.squares.examples import LABELS

SEED = 2026
ATLASES = 12
QUICK_ATLASES = 3
TARGETS = {
    "good": 0.92,
    "small": 0.85,
    "cracked": 0.85,
    "dry": 0.85,
    "partial": 0.85,
    "contaminated": 0.75,
}
STORED_PROBABILITY = 0.05
CALIBRATION_TARGET = 0.05
SAME_BOX = 0.5
#: Less of an opening than this in view, and nobody is asked what it is.
LEAST_IN_VIEW = 0.12
LIMITS = "limits"
LOGISTIC = "classical-squares"
NETWORK = "network-squares"


@dataclass(frozen=True, slots=True)
class Seen:
    """What one finder said of one atlas and what is true of it."""

    found: Findings
    true_boxes: FloatArray
    true_labels: tuple[str, ...]
    seconds: float

    def matched(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Numbers of findings and of true squares that are the same: boxes that overlap most."""
        if len(self.found) == 0 or len(self.true_boxes) == 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        overlaps = box_overlaps(self.found.boxes_px, self.true_boxes)
        best = overlaps.argmax(axis=1)
        here = np.flatnonzero(overlaps.max(axis=1) >= SAME_BOX)
        return here, best[here]


def look(finder: Finder, sample: AtlasSample) -> Seen:
    """The finder's answer about one simulated atlas, without what is hardly in view."""
    image = Image(
        sample.pixels.astype(np.float32), Level.ATLAS, sample.to_stage, 0.0, sample.imaged
    )
    context = FindContext(mesh_opening_um=sample.mesh.opening_um, mesh_bar_um=sample.mesh.bar_um)
    started = time.perf_counter()
    found = finder.find(image, context)
    seconds = time.perf_counter() - started
    boxes = np.array([square.box_px for square in sample.squares]).reshape(-1, 4)
    labels = tuple(square.label for square in sample.squares)
    return Seen(_in_view(found, image), boxes, labels, seconds)


def class_precision(seen: Sequence[Seen], label: str) -> float:
    """AP50 of a class: every finding counts for each class it gives five percent or more."""
    images = []
    for each in seen:
        said = each.found.probabilities[:, each.found.labels.index(label)]
        stored = said >= STORED_PROBABILITY
        true = np.array([name == label for name in each.true_labels], dtype=np.bool_)
        images.append(Detections(each.found.boxes_px[stored], said[stored], each.true_boxes[true]))
    return average_precision(images)


def claims(quick: bool) -> Report:  # noqa: FBT001  the shared form of every benchmark
    """Average precision per class, confusions and calibration; then sixty real squares."""
    report = Report("Six classes of grid squares")
    finders: dict[str, Finder] = {
        LIMITS: LimitSquareFinder(),
        LOGISTIC: registry.finder(LOGISTIC),
        NETWORK: registry.finder(NETWORK),
    }
    seen: dict[str, list[Seen]] = {name: [] for name in finders}
    count = QUICK_ATLASES if quick else ATLASES
    for sample in stream_atlases(SEED, Split.TEST, count=count):
        for name, finder in finders.items():
            seen[name].append(look(finder, sample))
    _precisions(report, seen)
    _confusions(report, seen[NETWORK])
    _calibration(report, seen)
    report.inform(
        "simulated: slowest atlas",
        max(each.seconds for each in seen[NETWORK]),
        unit="s",
        baseline=max(each.seconds for each in seen[LOGISTIC]),
        baseline_name="logistic",
    )
    _home(report, finders, list(Preset)[:2] if quick else list(Preset))
    _real(report, finders)
    return report


def _in_view(found: Findings, image: Image) -> Findings:
    """The findings without boxes of which next to nothing was imaged."""
    kept = []
    for number, (x0, y0, x1, y1) in enumerate(found.boxes_px):
        ticks = (np.arange(9) + 0.5) / 9
        columns = np.rint(x0 + ticks * (x1 - x0)).astype(int)
        rows = np.rint(y0 + ticks * (y1 - y0)).astype(int)
        height, width = image.pixels.shape
        columns, rows = (
            columns[(columns >= 0) & (columns < width)],
            rows[(rows >= 0) & (rows < height)],
        )
        if image.imaged[np.ix_(rows, columns)].sum() >= LEAST_IN_VIEW * 81:
            kept.append(number)
    return replace(
        found,
        positions_px=found.positions_px[kept],
        boxes_px=found.boxes_px[kept],
        radii_px=found.radii_px[kept],
        scores=found.scores[kept],
        probabilities=found.probabilities[kept],
        predicted=found.predicted[kept],
    )


def _precisions(report: Report, seen: Mapping[str, list[Seen]]) -> None:
    true = Counter(name for each in seen[NETWORK] for name in each.true_labels)
    for label, target in TARGETS.items():
        if true[label] == 0:
            report.leave_out(f"simulated {label}: none is on these atlases")
            continue
        report.at_least(
            f"simulated: AP50 of {label} ({true[label]})",
            class_precision(seen[NETWORK], label),
            unit="AP",
            target=target,
            baseline=class_precision(seen[LOGISTIC], label),
            baseline_name="logistic",
        )
        report.inform(
            f"simulated: AP50 of {label} by limits of area and grey",
            class_precision(seen[LIMITS], label),
            unit="AP",
        )
    met = [label for label in TARGETS if true[label]]
    logistic = float(np.mean([class_precision(seen[LOGISTIC], label) for label in met]))
    report.at_least(
        "simulated: mean AP50, to be above the logistic one",
        float(np.mean([class_precision(seen[NETWORK], label) for label in met])),
        unit="AP",
        target=logistic,
        baseline=logistic,
        baseline_name="logistic",
    )


def _said_and_true(seen: Sequence[Seen]) -> tuple[list[str], list[str], FloatArray]:
    """Names said and true of every matched square, and the probability of the name said."""
    said: list[str] = []
    true: list[str] = []
    sure: list[float] = []
    for each in seen:
        here, there = each.matched()
        probabilities = each.found.probabilities[here]
        said += [each.found.labels[n] for n in probabilities.argmax(axis=1)] if len(here) else []
        true += [each.true_labels[n] for n in there]
        sure += probabilities.max(axis=1).tolist() if len(here) else []
    return said, true, np.array(sure)


def _confusions(report: Report, seen: Sequence[Seen]) -> None:
    said, true, _ = _said_and_true(seen)
    for label in LABELS:
        named = Counter(s for s, t in zip(said, true, strict=True) if t == label)
        words = ", ".join(f"{name} {count}" for name, count in named.most_common())
        report.inform(f"simulated: true {label} is called", words or "none seen", unit="squares")


def _calibration(report: Report, seen: Mapping[str, list[Seen]]) -> None:
    errors, accuracies = {}, {}
    for name in (LOGISTIC, NETWORK):
        said, true, sure = _said_and_true(seen[name])
        right = np.array([a == b for a, b in zip(said, true, strict=True)])
        errors[name], accuracies[name] = calibration_error(sure, right), float(right.mean())
    report.inform(
        "simulated: accuracy",
        accuracies[NETWORK],
        unit="fraction",
        baseline=accuracies[LOGISTIC],
        baseline_name="logistic",
    )
    report.at_most(
        "simulated: calibration error",
        errors[NETWORK],
        unit="fraction",
        target=CALIBRATION_TARGET,
        baseline=errors[LOGISTIC],
        baseline_name="logistic",
    )


def _home(report: Report, finders: Mapping[str, Finder], presets: Sequence[Preset]) -> None:
    """Plain atlases of the simulated microscope, which the logistic classes were fitted on."""
    right: dict[str, list[bool]] = {name: [] for name in (LOGISTIC, NETWORK)}
    for number, preset in enumerate(presets):
        mesh = ("300", "400", "200")[number % 3]
        scene = take_atlas(preset_spec(preset, f"bench-{number}", mesh=mesh), columns=3, rows=2)
        labels, side_um = scene.labels(), scene.context.mesh_opening_um or 1.0
        for name, answers in right.items():
            found = finders[name].find(scene.image, scene.context)
            within = 0.5 * side_um / scene.image.pixel_size_um
            here, there = match(found.positions_px, scene.truth_px(), within)
            said = found.probabilities.argmax(axis=1)
            answers += [
                found.labels[int(said[finding])] == labels[true]
                for finding, true in zip(here, there, strict=True)
            ]
    report.at_least(
        f"the simulator's own atlases: accuracy of {len(right[NETWORK])} squares",
        mean(right[NETWORK]),
        unit="fraction",
        target=round(mean(right[LOGISTIC]), 4),
        baseline=mean(right[LOGISTIC]),
        baseline_name="logistic, fitted on such",
    )


def _real(report: Report, finders: Mapping[str, Finder]) -> None:
    folder = shared_data()
    if folder is None:
        report.leave_out("real squares: the shared data folder is not beside the checkout")
        return
    shown: list[Shown] = []
    for sample in FILES:
        atlas = read_atlas(folder / "real" / "epu_session", sample)
        names = {name: _names(finder, atlas) for name, finder in finders.items()}
        judged = named_twice(sample)
        first, second = [row.first for row in judged], [row.second for row in judged]
        places = [atlas.node_ids.index(row.node_id) for row in judged]
        report.inform(
            f"{sample}: kappa of the two passes by eye ({len(judged)} squares)",
            kappa(first, second),
            unit="kappa",
        )
        for what, keep in (("six classes", None), ("good or not", "good")):
            report.inform(
                f"{sample}: kappa of network and eye, {what}",
                _agreement([names[NETWORK][p] for p in places], first, second, keep),
                unit="kappa",
                baseline=_agreement([names[LOGISTIC][p] for p in places], first, second, keep),
                baseline_name="logistic",
            )
        limits = _agreement([names[LIMITS][p] for p in places], first, second, None)
        report.inform(f"{sample}: kappa of limits and eye, six classes", limits, unit="kappa")
        shown += [
            Shown(atlas.pixels, atlas.centres[p], row.first, row.second, names[NETWORK][p])
            for p, row in zip(places, judged, strict=True)
        ]
    if sheet := os.environ.get("SHEET"):
        draw_sheet(shown, Path(sheet))
    report.leave_out(
        "what two people would say of the real squares: one pair of eyes saw them twice"
    )
    report.leave_out("average precision on real squares: sixty are too few for six classes")


def _names(finder: Finder, atlas: Labelled) -> list[str]:
    """The finder's class of every listed square; "unseen" where it found none."""
    found = finder.find(atlas.image, MESH)
    here, there = match(
        found.positions_px, atlas.centres, SAME_SQUARE_SIDES * float(np.median(atlas.sides))
    )
    names = ["unseen"] * len(atlas.centres)
    for finding, listed in zip(here, there, strict=True):
        names[listed] = found.labels[int(found.probabilities[finding].argmax())]
    return names


def _agreement(
    said: Sequence[str], first: Sequence[str], second: Sequence[str], keep: str | None
) -> float:
    """Mean kappa with the two passes; with `keep`, of that class against all others."""
    if keep is not None:
        said, first, second = (
            [name if name == keep else "other" for name in names] for names in (said, first, second)
        )
    return (kappa(said, first) + kappa(said, second)) / 2


if __name__ == "__main__":
    raise SystemExit(main(claims))
