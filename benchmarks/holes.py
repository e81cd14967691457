"""Holes on simulated squares of every film: found, placed, predicted, beside a filter
without lattice.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.report import Report, main, mean
from benchmarks.scenes import SquareScene, match, take_square
from smartscope.analysis.pipeline import find_holes
from smartscope.microscope.simulator.specimen.spec import HOLEY_FILMS, Preset, preset_spec
from smartscope.microscope.simulator.specimen.values import Box
from smartscope.microscope.simulator.specimen.world import Specimen

SAME_HOLE_DIAMETERS = 0.25
#: Thicker ice lets less than half through and is unusable; such holes are not demanded.
DEMANDED_BELOW_NM = 200.0
SQUARES_PER_GRID = 3


def scenes(film: str, preset: Preset, squares: int) -> Iterator[SquareScene]:
    """Squares of one grid that have holes to find, nearest the middle first."""
    specimen = Specimen(preset_spec(preset, f"holes-{film}-{preset}", mesh="300", film=film))
    usable = [s for s in specimen.squares(Box.around(0, 0, 300)) if s.numbers.usable_holes > 30]
    usable.sort(key=lambda s: s.stage_x_um**2 + s.stage_y_um**2)
    for square in usable[:squares]:
        yield take_square(specimen, square)


def without_lattice(scene: SquareScene) -> NDArray[np.float64]:
    """Baseline: difference of Gaussians at the declared radius, maxima above Otsu-like half
    height.
    """
    radius = (scene.context.hole_diameter_um or 1.0) / scene.image.pixel_size_um / 2
    pixels = scene.image.pixels
    band = ndimage.gaussian_filter(pixels, 0.6 * radius) - ndimage.gaussian_filter(pixels, radius)
    peak = (band == ndimage.maximum_filter(band, size=2 * int(1.5 * radius) + 1)) & (band > 0)
    rows, columns = np.nonzero(peak)
    heights = band[rows, columns]
    kept = heights > 0.5 * np.percentile(heights, 90)
    return np.column_stack([columns[kept], rows[kept]]).astype(np.float64)


def score(scene: SquareScene, found: NDArray[np.float64]) -> tuple[float, float, float]:
    """Precision over all visible holes, recall over those not hopelessly thick, median error
    in nm.
    """
    pixel, truth = scene.image.pixel_size_um, scene.truth_px()
    reach = SAME_HOLE_DIAMETERS * (scene.context.hole_diameter_um or 1.0) / pixel
    here, there = match(found, truth, reach)
    demanded = {n for n, hole in enumerate(scene.holes) if hole.ice_nm < DEMANDED_BELOW_NM}
    error = np.linalg.norm(found[here] - truth[there], axis=1) if here else np.array([np.nan])
    return (
        len(here) / max(len(found), 1),
        len(demanded & set(there)) / max(len(demanded), 1),
        float(np.median(error)) * pixel * 1000,
    )


def claims(quick: bool) -> Report:  # noqa: FBT001  the shared form of every benchmark
    """Holes by film on simulated squares."""
    report = Report("Holes on simulated squares (80 nm pixels, 30 e/px)")
    presets = (Preset.GOOD,) if quick else (Preset.GOOD, Preset.CONTAMINATED, Preset.THICK)
    for film in HOLEY_FILMS:
        for preset in presets:
            _one_grid(report, film, preset, 2 if quick else SQUARES_PER_GRID)
    report.leave_out("precision on real squares: the shared square images carry no labels")
    return report


def _one_grid(report: Report, film: str, preset: Preset, squares: int) -> None:
    ours, plain, seconds = [], [], []
    for scene in scenes(film, preset, squares):
        started = time.perf_counter()
        found = find_holes(scene.image, scene.context)
        seconds.append(time.perf_counter() - started)
        places = [(hole.x_px, hole.y_px) for hole in found.holes if not hole.off_lattice]
        ours.append(score(scene, np.array(places).reshape(-1, 2)))
        plain.append(score(scene, without_lattice(scene)))
    if not ours:
        report.leave_out(f"{film}, {preset}: no square with enough usable holes near the middle")
        return
    for column, what in enumerate(("precision", "recall")):
        report.at_least(
            f"{film}, {preset}: {what}",
            mean(row[column] for row in ours),
            unit="fraction",
            target=0.95,
            baseline=mean(row[column] for row in plain),
            baseline_name="no lattice",
        )
    report.at_most(
        f"{film}, {preset}: centre error",
        mean(row[2] for row in ours),
        unit="nm",
        target=60.0,
        baseline=mean(row[2] for row in plain),
        baseline_name="no lattice",
    )
    report.inform(f"{film}, {preset}: time, 1024²", mean(seconds), unit="s")


if __name__ == "__main__":
    raise SystemExit(main(claims))
