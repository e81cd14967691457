"""Stitching breaks, hexagonal films and tilt, beside one global square lattice.

A montage of four tiles is put together where the stage was told to go, while it really stood up to
half a pitch beside: the film breaks at the seams. The finder is asked once with the tiles known, as
our own stitcher gives them, and once with the picture alone, as another program's montage comes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.hole_finders import hole_finders, kept_holes
from benchmarks.hole_scenes import HoleTruth, squares_of, truth_of, view
from benchmarks.report import Report, main, mean
from benchmarks.scenes import match, take_square
from smartscope.analysis.base import Findings, FloatArray, Image, Lattice, PlacedTile
from smartscope.analysis.detection.lattice import nodes_within
from smartscope.microscope.simulator.optics.ladder import MINI_LADDER
from smartscope.microscope.simulator.optics.values import Level as SimulatedLevel
from smartscope.microscope.simulator.specimen.spec import Preset
from smartscope.microscope.simulator.specimen.values import Square
from smartscope.microscope.simulator.specimen.world import Specimen

BREAK_FILMS = ("R1.2/1.3", "R2/2", "UltrAuFoil R1.2/1.3")
BREAKS_PITCHES = (0.1, 0.2, 0.35, 0.5)
QUICK_BREAKS_PITCHES = (0.2, 0.5)
WITH_BREAKS, WITHOUT = 0.97, 0.98
STAGE_NM = 100.0
#: where each of four tiles really stood, in breaks: (x, y) of the two columns in two rows
DIRECTIONS = ((0.0, 0.0), (0.8, 0.6), (-0.6, 0.8), (1.0, -0.3))
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A montage with breaks, with and without its tiles, and what is true in its pixels."""

    whole: Image
    tiled: Image
    truth: HoleTruth
    stage_um: FloatArray


def claims(quick: bool) -> Report:  # noqa: FBT001  the shared form of every benchmark
    """Recall where one straight lattice fails."""
    report = Report("Where one lattice does not fit: breaks, hexagonal films, tilt")
    finders, absent = hole_finders()
    for film in BREAK_FILMS[:1] if quick else BREAK_FILMS:
        specimen, squares = squares_of(film, Preset.GOOD)
        for pitches in QUICK_BREAKS_PITCHES if quick else BREAKS_PITCHES:
            scene = broken(specimen, squares[1], pitches)
            context = view(specimen, squares[1]).context
            for finder in finders:
                _breaks(
                    report,
                    f"{film}, {pitches:g} pitch",
                    finder.manifest.name,
                    [
                        (scene.tiled, finder.find(scene.tiled, context), "tiles known"),
                        (scene.whole, finder.find(scene.whole, context), "picture alone"),
                    ],
                    scene,
                )
    for what, film, tilt in (("hexagonal", "HexAuFoil", 0.0), ("45°", "R1.2/1.3", 45.0)):
        specimen, squares = squares_of(film, Preset.GOOD)
        picture = view(specimen, squares[1], tilt_deg=tilt)
        truth = truth_of(picture)
        for finder in finders:
            found = finder.find(picture.image, picture.context)
            _recall(report, f"{what}, {finder.manifest.name}", found, truth, WITHOUT)
    for reason in absent:
        report.leave_out(reason)
    return report


def broken(specimen: Specimen, square: Square, pitches: float) -> Broken:
    """Four tiles laid edge to edge although each stood a fraction of a pitch off."""
    pixel = MINI_LADDER[SimulatedLevel.SQUARE].pixel_size_um
    step = pitches * specimen.spec.film.pitch_um / 2
    half, parts, every, wanted = 0, [], [], []
    pixels = np.zeros((0, 0), dtype=np.float32)
    for number, (along, across) in enumerate(DIRECTIONS):
        moved = _moved(square, along * step, across * step)
        scene = take_square(specimen, moved, pixel_size_um=pixel)
        truth = truth_of(scene)
        side = scene.image.pixels.shape[0]
        half, pixels = side // 2, pixels if pixels.size else np.zeros((side, side), np.float32)
        x0, y0 = half * (number % 2), half * (number // 2)
        window = (slice(y0, y0 + half), slice(x0, x0 + half))
        pixels[window] = scene.image.pixels[window]
        inside = _within(x0, y0, half)
        every.append(truth.every[inside(truth.every)])
        wanted.append(truth.demanded[inside(truth.demanded)])
        m = scene.image.to_stage
        start = m.apply(float(x0), float(y0))
        own = type(m)(m.a, m.b, start.x_um, m.c, m.d, start.y_um)
        parts.append(PlacedTile(float(x0), float(y0), half, half, own))
    nominal = take_square(specimen, square, pixel_size_um=pixel).image
    whole = Image(pixels, nominal.level, nominal.to_stage)
    tiled = Image(pixels, nominal.level, nominal.to_stage, tiles=tuple(parts))
    all_of = np.concatenate(every)
    return Broken(
        whole=whole,
        tiled=tiled,
        truth=HoleTruth(
            every=all_of,
            demanded=np.concatenate(wanted),
            either=np.empty((0, 2)),
            diameter_px=specimen.spec.film.hole_um / pixel,
            pixel_um=pixel,
        ),
        stage_um=np.array([tuple(_stage(tiled, place)) for place in all_of]),
    )


def _breaks(
    report: Report,
    what: str,
    finder: str,
    answers: list[tuple[Image, Findings, str]],
    scene: Broken,
) -> None:
    for image, found, told in answers:
        name = f"break of {what}, {finder}, {told}"
        _recall(report, name, found, scene.truth, WITH_BREAKS)
        if image.tiles:
            places = kept_holes(found)
            here, there = match(places, scene.truth.every, scene.truth.diameter_px / 4)
            away = [
                float(np.hypot(*(np.array(_stage(image, places[a])) - scene.stage_um[b])))
                for a, b in zip(here, there, strict=True)
            ]
            report.at_most(f"{name}: stage error", 1000 * mean(away), unit="nm", target=STAGE_NM)


def _recall(report: Report, name: str, found: Findings, truth: HoleTruth, target: float) -> None:
    score = truth.score(kept_holes(found))
    report.at_least(
        f"{name}: recall; precision {score.precision:.3f}",
        score.recall,
        unit="fraction",
        target=target,
        baseline=truth.score(one_square_lattice(found)).recall,
        baseline_name="one square lattice",
    )


def one_square_lattice(found: Findings) -> FloatArray:
    """Baseline: (N, 2) nodes of one lattice with equal perpendicular vectors, fitted by rounding
    and least squares to the finder's own detections, over the box that holds them.
    """
    seen = found.positions_px[~found.predicted] if len(found) else np.empty((0, 2))
    if found.lattice is None or len(seen) < 4:
        return np.empty((0, 2))
    (ax, _), (ay, _) = found.lattice.basis_px
    step, origin = complex(ax, ay), complex(*found.lattice.origin_px)
    places = seen[:, 0] + 1j * seen[:, 1]
    for _ in range(10):
        nodes = (places - origin) / step
        index = np.rint(nodes.real) + 1j * np.rint(nodes.imag)
        design = np.column_stack([np.ones(len(index)), index])
        origin, step = (complex(v) for v in np.linalg.lstsq(design, places, rcond=None)[0])
    square = Lattice(
        (origin.real, origin.imag), ((step.real, -step.imag), (step.imag, step.real)), 0.0
    )
    box = (*seen.min(axis=0).tolist(), *seen.max(axis=0).tolist())
    return square.nodes(nodes_within(square, (box[0], box[1], box[2], box[3])))


def _moved(square: Square, x_um: float, y_um: float) -> Square:
    return replace(square, stage_x_um=square.stage_x_um + x_um, stage_y_um=square.stage_y_um + y_um)


def _within(x0: int, y0: int, side: int) -> Callable[[FloatArray], Mask]:
    def inside(places: FloatArray) -> Mask:
        low = (places >= [x0 - 0.5, y0 - 0.5]).all(axis=1)
        return np.asarray(low & (places < [x0 + side - 0.5, y0 + side - 0.5]).all(axis=1))

    return inside


def _stage(image: Image, place: FloatArray) -> tuple[float, float]:
    point = image.stage_of(float(place[0]), float(place[1]))
    return point.x_um, point.y_um


if __name__ == "__main__":
    raise SystemExit(main(claims))
