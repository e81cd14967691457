"""Lacey film on simulated squares: do exposures fall into voids, and are the voids found?

The truth is the film rendered four times finer than the picture. A record field counts as inside
when 95 % of it is; a void is usable when a beam and a margin fit into it on clean, unbroken film of
mostly usual ice, and is found when a target lies in that part of it. `--pictures DIR` draws every
square with its targets.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw
from scipy import ndimage

from benchmarks.report import Report, main, mean
from benchmarks.scenes import SquareScene, take_square
from smartscope.analysis import registry
from smartscope.analysis.chains import CONTINUOUS_FINDERS, LACEY_FINDERS
from smartscope.analysis.detection.off_lattice_voids import MARGIN_UM
from smartscope.microscope.simulator.specimen.spec import Preset, preset_spec
from smartscope.microscope.simulator.specimen.values import Box, Patch, Pose, Square, SquareLabel
from smartscope.microscope.simulator.specimen.world import Specimen

#: a K3 at 0.83 Å, and the beam that just covers it
FIELD_UM = (0.478, 0.340)
BEAM_RADIUS_UM = 0.32
INSIDE = 0.95
GRID_UM = 4.0
FINER = 4
USUAL_ICE_NM = (15.0, 100.0)
DIRT_NM = 100.0
FIELDS_INSIDE, VOIDS_FOUND = 0.95, 0.9
PRESETS = (Preset.GOOD, Preset.CONTAMINATED, Preset.THICK)
LABELS = (SquareLabel.GOOD, SquareLabel.CONTAMINATED)


@dataclass(frozen=True, slots=True)
class Truth:
    """What is really there, `FINER` times finer than the picture: boolean maps and their pixel."""

    void: NDArray[np.bool_]
    clean: NDArray[np.bool_]
    usable: NDArray[np.int64]
    pixel_um: float

    def inside(self, places: NDArray[np.float64], area: NDArray[np.bool_]) -> NDArray[np.float64]:
        """(N,) share of a record field about each place (N, 2; fine pixels) that lies in `area`."""
        ticks = [(np.arange(24) + 0.5) / 24 - 0.5 for _ in range(2)]
        dx, dy = np.meshgrid(*(t * s / self.pixel_um for t, s in zip(ticks, FIELD_UM, strict=True)))
        columns = np.rint(places[:, :1] + dx.ravel()).astype(int)
        rows = np.rint(places[:, 1:] + dy.ravel()).astype(int)
        height, width = area.shape
        seen = (rows >= 0) & (columns >= 0) & (rows < height) & (columns < width)
        hit = area[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)] & seen
        return np.asarray(hit.mean(axis=1))

    def found(self, places: NDArray[np.float64]) -> tuple[int, int]:
        """How many usable voids hold a target, and how many there are."""
        columns, rows = np.rint(places).astype(int).T
        height, width = self.usable.shape
        numbers = self.usable[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]
        return len(set(numbers.tolist()) - {0}), int(self.usable.max())


def truth_of(scene: SquareScene, square: Square) -> Truth:
    """The square's maps, rendered about its own centre."""
    height, width = scene.image.pixels.shape
    pixel_um = scene.image.pixel_size_um / FINER
    patch = scene.specimen.render(
        Pose(x_um=square.stage_x_um, y_um=square.stage_y_um),
        (height * FINER, width * FINER),
        pixel_um,
    )
    lacey = scene.specimen.film.spec.name == "lacey"
    void = (patch.hole if lacey else patch.foil) > 0.5
    clean = patch.contaminant_nm < DIRT_NM
    low, high = USUAL_ICE_NM
    usual = (patch.ice_nm >= low) & (patch.ice_nm <= high)
    room = ndimage.distance_transform_edt(void & clean) * pixel_um
    usable, count = ndimage.label((room >= BEAM_RADIUS_UM + MARGIN_UM) & _in_square(patch, square))
    sizes = np.bincount(usable.ravel(), minlength=count + 1)
    with_usual = np.bincount(usable[usual], minlength=count + 1)
    # a place of less than a picture's pixel is no void of its own
    kept = np.flatnonzero((sizes[1:] >= FINER**2) & (2 * with_usual[1:] >= sizes[1:])) + 1
    numbers = np.zeros(count + 1, dtype=np.int64)
    numbers[kept] = np.arange(1, len(kept) + 1)
    return Truth(void, clean, numbers[usable], pixel_um)


def _in_square(patch: Patch, square: Square) -> NDArray[np.bool_]:
    """Not in a neighbour that is in view too."""
    height, width = patch.bar.shape
    m = patch.image_to_stage
    x = m.a * np.arange(width)[None, :] + m.b * np.arange(height)[:, None] + m.tx
    y = m.c * np.arange(width)[None, :] + m.d * np.arange(height)[:, None] + m.ty
    away = np.hypot(x - square.stage_x_um, y - square.stage_y_um)
    return np.asarray(away < 0.5 * np.sqrt(2.0) * square.opening_um)


def fine(places_px: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pixels of the picture in pixels of the truth."""
    return FINER * places_px + (FINER - 1) / 2


def blind_grid(scene: SquareScene, truth: Truth) -> NDArray[np.float64]:
    """The baseline: a 4 µm grid over the mesh's opening, as collected where no hole is found."""
    step = GRID_UM / scene.image.pixel_size_um
    height, width = scene.image.pixels.shape
    x, y = np.meshgrid(np.arange(step / 2, width, step), np.arange(step / 2, height, step))
    places = np.column_stack([x.ravel(), y.ravel()])
    columns, rows = np.rint(fine(places)).astype(int).T
    return np.asarray(places[_opening(truth)[rows, columns]])


def _opening(truth: Truth) -> NDArray[np.bool_]:
    """The square's opening: voids, and what they enclose."""
    step = 8
    closed = ndimage.binary_closing(truth.void[::step, ::step], iterations=8)
    filled = ndimage.binary_fill_holes(closed)
    rows, columns = (np.arange(side) // step for side in truth.void.shape)
    return np.asarray(filled[np.ix_(rows, columns)])


def scenes(film: str, *, quick: bool) -> Iterator[tuple[SquareScene, Square]]:
    """Squares of several grids at the ladder's magnification and at one twice as fine."""
    for preset in PRESETS[: 1 if quick else None]:
        specimen = Specimen(preset_spec(preset, f"lacey-{preset}", film=film))
        squares = [
            each for each in specimen.squares(Box.around(0.0, 0.0, 300.0)) if each.label in LABELS
        ]
        for number, square in enumerate(squares[: 2 if quick else 4]):
            zoom = 2.0 if number % 2 else 1.0
            yield take_square(specimen, square, pixel_size_um=0.08 / zoom), square


def claims(quick: bool) -> Report:  # noqa: FBT001  the shared form of every benchmark
    """Targets on lacey and on continuous film of simulated squares, against a blind 4 µm grid."""
    report = Report("Films without a lattice: simulated squares, against a blind 4 µm grid")
    for film, chain in (("lacey", LACEY_FINDERS), ("continuous", CONTINUOUS_FINDERS)):
        _film(report, film, chain[0], quick=quick)
    report.leave_out("Real lacey squares: none is at hand.")
    return report


def _film(report: Report, film: str, name: str, *, quick: bool) -> None:
    finder = registry.finder(name)
    ours, blind, seconds, counts = _Tally(), _Tally(), [], []
    for scene, square in scenes(film, quick=quick):
        context = replace(
            scene.context,
            hole_diameter_um=None,
            hole_pitch_um=None,
            lattice="none",
            beam_radius_um=BEAM_RADIUS_UM,
        )
        truth = truth_of(scene, square)
        started = time.perf_counter()
        found = finder.find(scene.image, context)
        seconds.append(time.perf_counter() - started)
        counts.append(float(len(found)))
        ours.add(truth, found.positions_px)
        blind.add(truth, blind_grid(scene, truth))
        _draw(scene, found.positions_px, found.radii_px, f"{film}_{len(counts)}")
    inside = "void" if film == "lacey" else "sound film"
    report.at_least(
        f"{film}: record fields at least 95 % inside {inside}",
        ours.inside(),
        unit="fraction",
        target=FIELDS_INSIDE,
        baseline=blind.inside(),
        baseline_name="4 µm grid",
    )
    if film == "lacey":
        report.at_least(
            f"{film}: usable voids found",
            ours.found(),
            unit="fraction",
            target=VOIDS_FOUND,
            baseline=blind.found(),
            baseline_name="4 µm grid",
        )
    report.at_least(
        f"{film}: record fields at least 95 % clear of dirt",
        ours.clear(),
        unit="fraction",
        target=FIELDS_INSIDE,
        baseline=blind.clear(),
        baseline_name="4 µm grid",
    )
    report.inform(f"{film}: squares", len(counts), unit="")
    report.inform(f"{film}: targets per square", mean(counts), unit="")
    report.inform(f"{film}: time, 1024²", mean(seconds), unit="s")


class _Tally:
    """Shares over all targets, and voids over all squares."""

    def __init__(self) -> None:
        self._inside: list[float] = []
        self._clear: list[float] = []
        self._found = self._usable = 0

    def add(self, truth: Truth, places_px: NDArray[np.float64]) -> None:
        if len(places_px):
            places = fine(places_px)
            self._inside += (truth.inside(places, truth.void) >= INSIDE).tolist()
            self._clear += (truth.inside(places, truth.clean) >= INSIDE).tolist()
            found, usable = truth.found(places)
        else:
            found, usable = 0, int(truth.usable.max())
        self._found, self._usable = self._found + found, self._usable + usable

    def inside(self) -> float:
        return mean(self._inside)

    def clear(self) -> float:
        return mean(self._clear)

    def found(self) -> float:
        return self._found / max(self._usable, 1)


def _draw(
    scene: SquareScene, places: NDArray[np.float64], radii: NDArray[np.float64], name: str
) -> None:
    if PICTURES is None:
        return
    low, high = np.percentile(scene.image.pixels, [1.0, 99.5])
    grey = np.clip((scene.image.pixels - low) / (high - low) * 255, 0, 255).astype(np.uint8)
    picture = Picture.fromarray(grey).convert("RGB")
    pen = ImageDraw.Draw(picture)
    beam = BEAM_RADIUS_UM / scene.image.pixel_size_um
    for (x, y), radius in zip(places, radii, strict=True):
        pen.ellipse([x - radius, y - radius, x + radius, y + radius], outline=(0, 220, 0))
        pen.ellipse([x - beam, y - beam, x + beam, y + beam], outline=(255, 80, 80))
    picture.save(PICTURES / f"{name}.png")


def _pictures() -> Path | None:
    if "--pictures" not in sys.argv:
        return None
    place = sys.argv.index("--pictures")
    folder = Path(sys.argv[place + 1])
    del sys.argv[place : place + 2]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    PICTURES = _pictures()
    sys.exit(main(claims))
else:
    PICTURES = None
