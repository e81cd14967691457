"""Classical square finding on two real atlases against the squares EPU's own software listed.

Set OVERLAYS to a folder to see labels and findings drawn on the atlases. Labels are EPU's, so a
square that EPU overlooked counts against us: on Sample2 about a dozen clear squares along one
tile's seam are unlabelled. Sample2 was looked at while the finder was written; Sample3 showed once
that squares of a bent grid lie off the mean lattice and must be kept.
"""

from __future__ import annotations

import csv
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw
from scipy import ndimage

from benchmarks.report import Report, main
from benchmarks.scenes import match
from benchmarks.shared_data import shared_data
from smartscope.analysis.base import FindContext, Image, Level
from smartscope.analysis.detection.classical_squares import ClassicalSquareFinder
from smartscope.domain.geometry import Affine, Point

ATLAS_PX = 4005
SAME_SQUARE_SIDES = 0.35
FILES = {
    "Sample2": "Sample2/Atlas/Atlas_19493264.jpg",
    "Sample3": "Sample3/Atlas/Atlas_19494735.jpg",
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """A real atlas (grey, 508 x 512) with label centres (N, 2) and sides (N,) in its pixels."""

    pixels: NDArray[np.uint8]
    centres: NDArray[np.float64]
    sides: NDArray[np.float64]


def read_atlas(session: Path, sample: str) -> Labelled:
    """The JPG that EPU shows and the squares its `Atlas.dm` lists."""
    pixels = np.asarray(Picture.open(session / "atlas" / FILES[sample]).convert("L"))
    scale = pixels.shape[1] / ATLAS_PX
    with (session / "labels" / f"{sample}_gridsquares.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    centres = [(float(row["atlas_x_px"]), float(row["atlas_y_px"])) for row in rows]
    sides = [max(float(row["width_px"]), float(row["height_px"])) for row in rows]
    return Labelled(pixels, scale * np.array(centres), scale * np.array(sides))


def by_threshold(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Baseline: Otsu's threshold and connected components of at least 4 pixels, their centres."""
    values, counts = np.unique(pixels, return_counts=True)
    below = np.cumsum(counts)[:-1].astype(float)
    mass = np.cumsum(counts * values.astype(float))
    total, whole = float(counts.sum()), mass[-1]
    between = (whole * below - total * mass[:-1]) ** 2 / (below * (total - below))
    labels, count = ndimage.label(pixels > values[int(np.argmax(between))])
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    kept = np.flatnonzero(sizes >= 4) + 1
    middles = np.array(ndimage.center_of_mass(labels > 0, labels, kept)).reshape(-1, 2)
    return middles[:, ::-1]


def score(found: NDArray[np.float64], atlas: Labelled) -> tuple[float, float]:
    """Precision and recall, one to one, centres within 0.35 of the typical labelled side."""
    pairs, _ = match(found, atlas.centres, SAME_SQUARE_SIDES * float(np.median(atlas.sides)))
    return len(pairs) / max(len(found), 1), len(pairs) / len(atlas.centres)


def draw(atlas: Labelled, found: NDArray[np.float64], path: Path) -> None:
    """Labels as red boxes, findings as green rings, three times enlarged."""
    height, width = atlas.pixels.shape
    picture = Picture.fromarray(atlas.pixels).resize((3 * width, 3 * height)).convert("RGB")
    pen = ImageDraw.Draw(picture)
    for (x, y), side in zip(3 * atlas.centres, 3 * atlas.sides, strict=True):
        pen.rectangle([x - side / 2, y - side / 2, x + side / 2, y + side / 2], outline="red")
    for x, y in 3 * found:
        pen.ellipse([x - 5, y - 5, x + 5, y + 5], outline="lime", width=2)
    picture.save(path)


def claims(_quick: bool) -> Report:  # noqa: FBT001  the shared form of every benchmark
    """Squares on real atlases: precision and recall against EPU's list."""
    report = Report("Grid squares on two real atlases (EPU labels)")
    folder = shared_data()
    if folder is None:
        report.leave_out("the shared data folder is not beside the checkout")
        return report
    finder = ClassicalSquareFinder()
    for sample in FILES:
        atlas = read_atlas(folder / "real" / "epu_session", sample)
        height, width = atlas.pixels.shape
        image = Image.from_array(
            atlas.pixels,
            level=Level.ATLAS,
            to_stage=Affine.scaled(1.0, Point(0.0, 0.0), width, height),
        )
        started = time.perf_counter()
        found = finder.find(image, FindContext()).positions_px
        seconds = time.perf_counter() - started
        ours, plain = score(found, atlas), score(by_threshold(atlas.pixels), atlas)
        for name, value, other in zip(("precision", "recall"), ours, plain, strict=True):
            report.at_least(
                f"{sample}: {name} of {len(atlas.centres)} squares",
                value,
                unit="fraction",
                target=0.85,
                baseline=other,
                baseline_name="Otsu components",
            )
        report.inform(f"{sample}: time", seconds, unit="s")
        if overlays := os.environ.get("OVERLAYS"):
            draw(atlas, found, Path(overlays) / f"{sample}.png")
    report.leave_out("the six classes: EPU's categories are others, and nobody has labelled these")
    return report


if __name__ == "__main__":
    raise SystemExit(main(claims))
