"""How long finding takes: an atlas of 2048², squares of three sizes, every finder on the same one.

`taskset -c 0,1 python -m benchmarks.find_speed` measures what the targets mean: two cores.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sized
from dataclasses import dataclass, replace
from functools import partial

from benchmarks.report import Report, main
from benchmarks.scenes import context_of, take_atlas, take_square
from smartscope.analysis import registry
from smartscope.analysis.base import FindContext, Image
from smartscope.analysis.chains import HOLE_FINDERS, SQUARE_FINDERS
from smartscope.analysis.pipeline import find_holes, find_squares
from smartscope.domain.geometry import Affine
from smartscope.microscope.simulator.optics.profiles import MINI
from smartscope.microscope.simulator.specimen.spec import Preset, preset_spec
from smartscope.microscope.simulator.specimen.values import Box
from smartscope.microscope.simulator.specimen.world import Specimen

LONGEST_S = 3.0
ATLAS_PX = 2048
#: the same field of 82 µm in height, width; the largest is a K3's whole frame
SQUARES = ((1024, 1024), (2048, 2048), (4092, 5760))
FIELD_UM = 82.0
REPEATS = 3


@dataclass(frozen=True, slots=True)
class Timed:
    """The shortest time on the clock and of all processors together, and how many were found."""

    wall_s: float
    processor_s: float
    found: int


def claims(quick: bool) -> Report:  # noqa: FBT001  the shared form of every benchmark
    """Seconds per image: the best of three, after one that warms up."""
    report = Report(f"Time to find on {len(os.sched_getaffinity(0))} cores")
    spec = preset_spec(Preset.GOOD, "find-speed", mesh="400")
    atlas = _cut(take_atlas(spec, columns=4, rows=5).image)
    _time_squares(report, atlas, context_of(spec))
    specimen = Specimen(preset_spec(Preset.GOOD, "find-speed", mesh="300"))
    square = next(s for s in specimen.squares(Box.around(0, 0, 300)) if s.usable)
    for height, width in SQUARES[:2] if quick else SQUARES:
        camera = replace(MINI, width_px=width, height_px=height)
        scene = take_square(specimen, square, pixel_size_um=FIELD_UM / height, profile=camera)
        _time_holes(report, scene.image, scene.context)
    return report


def _time_squares(report: Report, image: Image, context: FindContext) -> None:
    whole = _best(lambda: find_squares(image, context).squares)
    alone = _alone(report, {*SQUARE_FINDERS, "classical-squares"}, image, context)
    _tell(report, f"atlas {_size(image)}", whole, alone, "classical-squares")


def _time_holes(report: Report, image: Image, context: FindContext) -> None:
    whole = _best(lambda: find_holes(image, context).holes)
    alone = _alone(report, {*HOLE_FINDERS, "classical-holes"}, image, context)
    _tell(report, f"square {_size(image)}", whole, alone, "classical-holes")


def _alone(report: Report, names: set[str], image: Image, context: FindContext) -> dict[str, Timed]:
    timed = {}
    for name in sorted(names):
        try:
            finder = registry.finder(name)
        except registry.PluginUnavailable:
            sentence = f"{name}, which is not installed here"
            if sentence not in report.not_measured:
                report.leave_out(sentence)
            continue
        timed[name] = _best(partial(finder.find, image, context))
    return timed


def _tell(report: Report, what: str, whole: Timed, alone: dict[str, Timed], baseline: str) -> None:
    report.at_most(
        f"{what}: {whole.found} found and described by the chain",
        whole.wall_s,
        unit="s",
        target=LONGEST_S,
        baseline=alone[baseline].wall_s,
        baseline_name=f"{baseline} alone",
    )
    report.inform(f"{what}: the same in processor time", whole.processor_s, unit="s")
    for name, timed in alone.items():
        claim = f"{what}: {timed.found} found by {name} alone"
        report.inform(claim, timed.wall_s, unit="s")


def _best(work: Callable[[], Sized]) -> Timed:
    count = len(work())
    walls, processors = [], []
    for _ in range(REPEATS):
        wall, processor = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return Timed(min(walls), min(processors), count)


def _cut(image: Image) -> Image:
    """The middle 2048 x 2048 pixels of a larger atlas."""
    height, width = image.pixels.shape
    top, left = (height - ATLAS_PX) // 2, (width - ATLAS_PX) // 2
    m = image.to_stage
    corner = m.apply(left, top)
    rows, columns = slice(top, top + ATLAS_PX), slice(left, left + ATLAS_PX)
    return Image(
        image.pixels[rows, columns].copy(),
        image.level,
        Affine(m.a, m.b, corner.x_um, m.c, m.d, corner.y_um),
        mask=image.imaged[rows, columns].copy(),
    )


def _size(image: Image) -> str:
    height, width = image.pixels.shape
    return f"{width} x {height}"


if __name__ == "__main__":
    raise SystemExit(main(claims))
