"""Square finding on two real atlases against the squares EPU's own software listed.

Set OVERLAYS to a folder to see labels and findings drawn on the atlases. EPU overlooked squares:
on Sample2 a dozen clear ones along one tile's seam. So precision is told twice: against EPU's list,
and against the list with what two looks at each other finding called an opening (real_labels.py);
recall is always against EPU's own list. Sample2 was looked at while the finder was written; Sample3
showed once that squares of a bent grid lie off the mean lattice and must be kept.
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

from benchmarks.real_labels import unlisted
from benchmarks.report import Report, main
from benchmarks.scenes import match
from benchmarks.shared_data import shared_data
from smartscope.analysis.base import FindContext, Image, Level
from smartscope.analysis.detection.classical_squares import ClassicalSquareFinder
from smartscope.domain.geometry import Affine, Point

ATLAS_PX = 4005
SAME_SQUARE_SIDES = 0.35
#: A grid of 84 µm pitch is of 300 mesh, which is what a person would have said.
MESH = FindContext(mesh_opening_um=58.0, mesh_bar_um=25.0)
TARGET = 0.975
#: Full size is a listed side of at least this part of what one in ten squares exceeds.
FULL_SIDE = 0.8
FILES = {
    "Sample2": "Sample2/Atlas/Atlas_19493264.jpg",
    "Sample3": "Sample3/Atlas/Atlas_19494735.jpg",
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """A real atlas (grey, 508 x 512) with label centres (N, 2) and sides (N,) in its pixels, the
    list's node numbers and the size of a pixel, fitted to the list's stage positions.
    """

    pixels: NDArray[np.uint8]
    centres: NDArray[np.float64]
    sides: NDArray[np.float64]
    node_ids: tuple[int, ...]
    pixel_size_um: float

    @property
    def image(self) -> Image:
        """The atlas as finders take it."""
        height, width = self.pixels.shape
        return Image.from_array(
            self.pixels,
            level=Level.ATLAS,
            to_stage=Affine.scaled(self.pixel_size_um, Point(0.0, 0.0), width, height),
        )

    def full_size(self) -> NDArray[np.bool_]:
        """(N,) True for squares of full size whose whole box is on the image."""
        height, width = self.pixels.shape
        full = self.sides >= FULL_SIDE * np.percentile(self.sides, 90)
        low = self.centres - self.sides[:, None] / 2
        high = self.centres + self.sides[:, None] / 2
        return np.asarray(full & (low > -0.5).all(axis=1) & (high < [width, height]).all(axis=1))


def read_atlas(session: Path, sample: str) -> Labelled:
    """The JPG that EPU shows and the squares its `Atlas.dm` lists."""
    pixels = np.asarray(Picture.open(session / "atlas" / FILES[sample]).convert("L"))
    scale = pixels.shape[1] / ATLAS_PX
    with (session / "labels" / f"{sample}_gridsquares.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    centres = [(float(row["atlas_x_px"]), float(row["atlas_y_px"])) for row in rows]
    sides = [max(float(row["width_px"]), float(row["height_px"])) for row in rows]
    placed = np.column_stack([np.array(centres), np.ones(len(centres))])
    stage_um = 1e6 * np.array([(float(r["stage_x_m"]), float(r["stage_y_m"])) for r in rows])
    fitted = np.linalg.lstsq(placed, stage_um, rcond=None)[0]
    return Labelled(
        pixels,
        scale * np.array(centres),
        scale * np.array(sides),
        tuple(int(row["node_id"]) for row in rows),
        float(np.sqrt(abs(np.linalg.det(fitted[:2])))) / scale,
    )


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


def score(found: NDArray[np.float64], atlas: Labelled, sample: str) -> tuple[float, ...]:
    """Precision against EPU's list, precision with what it overlooked, recall, recall of full-size
    squares; one to one, centres within 0.35 of the typical listed side.
    """
    within = SAME_SQUARE_SIDES * float(np.median(atlas.sides))
    pairs, listed = match(found, atlas.centres, within)
    others = np.delete(found, pairs, axis=0)
    overlooked, _ = match(others, unlisted(sample), within)
    full = np.flatnonzero(atlas.full_size())
    return (
        len(pairs) / max(len(found), 1),
        (len(pairs) + len(overlooked)) / max(len(found), 1),
        len(pairs) / len(atlas.centres),
        float(np.isin(full, listed).mean()),
    )


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
    report = Report("Grid squares on two real atlases (EPU's list)")
    folder = shared_data()
    if folder is None:
        report.leave_out("the shared data folder is not beside the checkout")
        return report
    finder = ClassicalSquareFinder()
    for sample in FILES:
        atlas = read_atlas(folder / "real" / "epu_session", sample)
        started = time.perf_counter()
        found = finder.find(atlas.image, MESH).positions_px
        seconds = time.perf_counter() - started
        ours, plain = score(found, atlas, sample), score(by_threshold(atlas.pixels), atlas, sample)
        listed, full = len(atlas.centres), int(atlas.full_size().sum())
        report.inform(
            f"{sample}: precision against the {listed} listed alone",
            ours[0],
            unit="fraction",
            baseline=plain[0],
            baseline_name="Otsu components",
        )
        for name, place, target in (
            (f"precision with {len(unlisted(sample))} overlooked ones", 1, TARGET),
            (f"recall of the {listed} listed", 2, TARGET),
            (f"recall of {full} listed, full-size and whole", 3, 1.0),
        ):
            report.at_least(
                f"{sample}: {name}",
                ours[place],
                unit="fraction",
                target=target,
                baseline=plain[place],
                baseline_name="Otsu components",
            )
        report.inform(f"{sample}: time", seconds, unit="s")
        if overlays := os.environ.get("OVERLAYS"):
            draw(atlas, found, Path(overlays) / f"{sample}.png")
    report.leave_out("squares that neither EPU nor the finder saw: nobody has searched for them")
    report.leave_out("the six classes: square_classes.py, on sixty squares")
    return report


if __name__ == "__main__":
    raise SystemExit(main(claims))
