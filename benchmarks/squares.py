"""Grid squares on simulated atlases: found, placed and classed, beside a plain threshold."""

from __future__ import annotations

import time
from collections import Counter

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.report import Report, main, mean
from benchmarks.scenes import AtlasScene, match, take_atlas
from smartscope.analysis.detection.mixture import split_in_two
from smartscope.analysis.findings import SquareFindings
from smartscope.analysis.pipeline import find_squares
from smartscope.microscope.simulator.specimen.spec import Preset, preset_spec

SAME_SQUARE_SIDES = 0.35
#: A square of which less of its opening is on the image is neither demanded nor counted as wrong.
SEEN_AT_LEAST = 0.25
#: Grids are ranked by their number of good squares.
GOOD_COUNT_TOLERANCE = 0.2


def by_threshold(scene: AtlasScene) -> NDArray[np.float64]:
    """Baseline: two-component threshold of raw grey, components of at least a tenth of an
    opening.
    """
    side = (scene.context.mesh_opening_um or 1.0) / scene.image.pixel_size_um
    split = split_in_two(scene.image.pixels[scene.image.imaged].astype(np.float64))
    if split is None:
        return np.empty((0, 2))
    labels, count = ndimage.label(scene.image.pixels > split.threshold)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    kept = np.flatnonzero(sizes > 0.1 * side**2) + 1
    return np.array(ndimage.center_of_mass(labels > 0, labels, kept)).reshape(-1, 2)[:, ::-1]


def score(scene: AtlasScene, found: NDArray[np.float64]) -> tuple[float, float]:
    """Precision over all openings in view, recall over those whose opening is mostly on the
    image.
    """
    side = (scene.context.mesh_opening_um or 1.0) / scene.image.pixel_size_um
    truth, inside = scene.truth_px(), scene.inside()
    pairs, matched = match(found, truth, 0.5 * side)
    near, _ = match(found, truth, SAME_SQUARE_SIDES * side)
    demanded = [n for n, share in enumerate(inside) if share >= 0.7]
    strict = set(match(found, truth, SAME_SQUARE_SIDES * side)[1])
    cut = {found_n for found_n, true_n in zip(pairs, matched, strict=True) if inside[true_n] < 0.7}
    right = len(set(near) | cut)
    return right / max(len(found), 1), sum(n in strict for n in demanded) / max(len(demanded), 1)


def claims(quick: bool) -> Report:  # noqa: FBT001  the shared form of every benchmark
    """Squares of simulated atlases of all presets and meshes."""
    report = Report("Grid squares on simulated atlases")
    presets = list(Preset)[:3] if quick else list(Preset)
    truth_labels: list[str] = []
    said_labels: list[str] = []
    for number, preset in enumerate(presets):
        mesh = ("300", "400", "200")[number % 3]
        scene = take_atlas(preset_spec(preset, f"bench-{number}", mesh=mesh), columns=3, rows=3)
        started = time.perf_counter()
        found = find_squares(scene.image, scene.context)
        seconds = time.perf_counter() - started
        places = np.array([(s.x_px, s.y_px) for s in found.squares]).reshape(-1, 2)
        ours, plain = score(scene, places), score(scene, by_threshold(scene))
        name = f"{preset} {mesh}"
        for what, value, other in zip(("precision", "recall"), ours, plain, strict=True):
            report.at_least(
                f"{name}: {what}",
                value,
                unit="fraction",
                target=0.97,
                baseline=other,
                baseline_name="threshold",
            )
        report.inform(f"{name}: time for {places.shape[0]} squares", seconds, unit="s")
        side = (scene.context.mesh_opening_um or 1.0) / scene.image.pixel_size_um
        labels = scene.labels()
        pairs = list(zip(*match(places, scene.truth_px(), 0.5 * side), strict=True))
        truth_labels += [labels[there] for _, there in pairs]
        said_labels += [found.squares[here].label for here, _ in pairs]
        _good_count(report, name, found, sum(labels[there] == "good" for _, there in pairs))
    _classes(report, truth_labels, said_labels)
    report.leave_out("classes on real atlases: nobody has labelled any")
    return report


def _good_count(report: Report, name: str, found: SquareFindings, true: int) -> None:
    """How many squares are called good, and how many by the sum of probabilities, over the true
    number.
    """
    called = sum(square.label == "good" for square in found.squares)
    expected = sum(square.probabilities["good"] for square in found.squares)
    report.at_most(
        f"{name}: good squares called / true ({called} / {true}), off by",
        abs(called / max(true, 1) - 1),
        unit="fraction",
        target=GOOD_COUNT_TOLERANCE,
    )
    report.inform(
        f"{name}: sum of good probabilities / true", expected / max(true, 1), unit="ratio"
    )


def _classes(report: Report, truth: list[str], said: list[str]) -> None:
    """F1 per class and accuracy; the baseline says the commonest class everywhere."""
    right = [a == b for a, b in zip(truth, said, strict=True)]
    commonest = Counter(truth).most_common(1)[0][1] / max(len(truth), 1)
    report.inform(
        "classes: accuracy",
        mean(right),
        unit="fraction",
        baseline=commonest,
        baseline_name="commonest",
    )
    for label in sorted(set(truth)):
        hits = sum(a == b == label for a, b in zip(truth, said, strict=True))
        total = truth.count(label) + said.count(label)
        report.inform(f"classes: F1 of {label} ({truth.count(label)})", 2 * hits / total, unit="F1")


if __name__ == "__main__":
    raise SystemExit(main(claims))
