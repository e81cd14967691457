"""Whether holes are found whatever their size in pixels: the same film at six magnifications.

The baseline looks as a detector trained at one scale does: pictures finer than 100 Å/px are brought
to 150 Å/px, others are taken as they are, and discs of one size in px are looked for.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.hole_finders import discs, found_holes, hole_finders
from benchmarks.hole_scenes import squares_of, truth_of
from benchmarks.report import Report, main
from benchmarks.scenes import SquareScene, take_square
from smartscope.analysis.base import FindContext, Image
from smartscope.analysis.detection.flatten import binned
from smartscope.domain.geometry import Affine
from smartscope.microscope.simulator.optics.profiles import MINI
from smartscope.microscope.simulator.specimen.spec import Preset

FILMS = ("R1.2/1.3", "UltrAuFoil R1.2/1.3")
HOLE_UM = 1.2
DIAMETERS_PX = (20, 30, 45, 68, 90, 120)
QUICK_DIAMETERS_PX = (20, 45, 120)
#: the one size the baseline knows: this film's holes at 150 Å/px
BASELINE_PX = 80.0
FINE_ANGSTROM, CROPPED_ANGSTROM = 100.0, 150.0
CAMERA = replace(MINI, name="mini-2k", width_px=2048, height_px=2048)
VARIES = 0.02


def claims(quick: bool) -> Report:  # noqa: FBT001  the shared form of every benchmark
    """Recall over hole diameters of 20 to 120 px."""
    report = Report("Holes of 20 to 120 px: the same film at other magnifications (2048²)")
    finders, absent = hole_finders()
    for film in FILMS[:1] if quick else FILMS:
        scenes = _scenes(film, QUICK_DIAMETERS_PX if quick else DIAMETERS_PX)
        fixed = {d: truth_of(s).score(_at_one_scale(s)).recall for d, s in scenes.items()}
        for finder in finders:
            name = f"{film}, {finder.manifest.name}"
            recall = {}
            for diameter, scene in scenes.items():
                undeclared = FindContext(foil=scene.context.foil)
                for context, told in ((scene.context, ""), (undeclared, ", film not declared")):
                    score = truth_of(scene).score(found_holes(finder, scene.image, context))
                    if not told:
                        recall[diameter] = score.recall
                    report.inform(
                        f"{name}, {diameter} px{told}: recall; precision {score.precision:.3f}",
                        score.recall,
                        unit="fraction",
                        baseline=fixed[diameter],
                        baseline_name="one scale",
                    )
            report.at_most(
                f"{name}: recall varies by",
                max(recall.values()) - min(recall.values()),
                unit="fraction",
                target=VARIES,
                baseline=max(fixed.values()) - min(fixed.values()),
                baseline_name="one scale",
            )
    for reason in absent:
        report.leave_out(reason)
    return report


def _scenes(film: str, diameters: tuple[int, ...]) -> dict[int, SquareScene]:
    specimen, squares = squares_of(film, Preset.GOOD)
    return {
        diameter: take_square(
            specimen, squares[1], pixel_size_um=HOLE_UM / diameter, profile=CAMERA
        )
        for diameter in diameters
    }


def _at_one_scale(scene: SquareScene) -> NDArray[np.float64]:
    """Baseline: (N, 2) px of the picture as given."""
    image = scene.image
    factor = 1
    if image.pixel_size_angstrom < FINE_ANGSTROM:
        factor = round(CROPPED_ANGSTROM / image.pixel_size_angstrom)
    coarse, _ = binned(image.pixels, image.imaged, factor)
    shown = Image(coarse, image.level, Affine(1.0, 0.0, 0.0, 0.0, 1.0, 0.0))
    return discs(shown, BASELINE_PX) * factor + (factor - 1) / 2


if __name__ == "__main__":
    raise SystemExit(main(claims))
