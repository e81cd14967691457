"""Ice thickness of holes and rejection of bad ones on simulated grids, beside the always-
darkest rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.hole_scenes import SAME_HOLE_DIAMETERS, scenes
from benchmarks.report import Report, main
from benchmarks.scenes import SquareScene, match, take_square
from smartscope.analysis.pipeline import cluster_holes, find_holes
from smartscope.microscope.simulator.specimen.spec import (
    IceSpec,
    Preset,
    SquarePrior,
    preset_spec,
)
from smartscope.microscope.simulator.specimen.values import Box, Hole
from smartscope.microscope.simulator.specimen.world import Specimen

LIMIT_NM = 100.0
#: what the simulator's classes call good ice
GOOD_NM = (15.0, 60.0)
FILM = "R1.2/1.3"
#: Mean of (r/R)² over the inner 0.6 radius, where the service measures: ice rises towards the rim.
INNER_MEAN = 0.18


def ice_where_measured(hole: Hole) -> float:
    """True mean thickness (nm) over the inner 0.6 radius of a hole that is a parabola."""
    return hole.ice_nm + INNER_MEAN * max(hole.ice_max_nm - hole.ice_nm, 0.0)


def even_grid(squares: int) -> Iterator[SquareScene]:
    """Squares of a grid whose ice is the same good 40 nm everywhere, with no faulty hole."""
    base = preset_spec(Preset.GOOD, "holes-even", film=FILM)
    ice = IceSpec(
        mean_nm=40.0,
        blot_gradient=0.0,
        square_spread=0.0,
        patch_spread=0.0,
        within_square_spread=0.05,
        lens_probability=0.0,
        empty_hole_probability=0.0,
        thick_hole_probability=0.0,
        crystalline_hole_probability=0.0,
    )
    prior = SquarePrior(small=0.0, dry=0.0, cracked=0.0, broken=0.0, contaminated=0.0, empty=0.0)
    specimen = Specimen(replace(base, ice=ice, prior=prior, contamination_density=0.2))
    for square in specimen.squares(Box.around(0, 0, 120))[:squares]:
        yield take_square(specimen, square)


def gather(pictures: Iterator[SquareScene]) -> list[tuple[float, float, float, float, bool]]:
    """Per matched hole of a grid: I/I0, thickness, its error, true thickness (nm), whether
    it is bad.
    """
    rows = []
    for scene in pictures:
        found = [
            hole for hole in find_holes(scene.image, scene.context).holes if not hole.off_lattice
        ]
        reach = SAME_HOLE_DIAMETERS * 1.2 / scene.image.pixel_size_um
        places = np.array([(hole.x_px, hole.y_px) for hole in found]).reshape(-1, 2)
        for here, there in zip(*match(places, scene.truth_px(), reach), strict=True):
            seen, true = found[here], ice_where_measured(scene.holes[there])
            if seen.relative_intensity is None or seen.ice_thickness_nm is None:
                continue
            error = seen.ice_thickness_error_nm or 0.0
            bad = true > LIMIT_NM or true < 5.0
            rows.append((seen.relative_intensity, seen.ice_thickness_nm, error, true, bad))
    return rows


def f1(rejected: set[int], bad: set[int]) -> float:
    """Harmonic mean of precision and recall; 1 when there was nothing to reject and nothing was."""
    if not rejected and not bad:
        return 1.0
    return 2 * len(rejected & bad) / (len(rejected) + len(bad))


def claims(quick: bool) -> Report:  # noqa: FBT001  the shared form of every benchmark
    """Ice by grey, clusters and rejection over whole grids."""
    report = Report(f"Ice in holes on simulated grids ({FILM}, calibrated vacuum)")
    for preset in (Preset.GOOD, Preset.THICK) if quick else Preset:
        rows = gather(scenes(FILM, preset, 2 if quick else 5))
        if not rows:
            report.leave_out(f"{preset}: no square with enough usable holes near the middle")
            continue
        grey, ice, error, true, _ = (np.array(column) for column in zip(*rows, strict=True))
        off = np.abs(ice - true)
        within = off <= 5 + 0.05 * true
        report.inform(
            f"{preset}: median |Δt| of {len(rows)} holes", float(np.median(off)), unit="nm"
        )
        report.inform(f"{preset}: within 5 nm + 5 %", float(within.mean()), unit="fraction")
        report.at_least(
            f"{preset}: within two stated errors",
            float((off <= 2 * np.maximum(error, 1.0)).mean()),
            unit="fraction",
            target=0.85,
        )
        bad = {n for n, row in enumerate(rows) if row[4]}
        ours = cluster_holes(
            grey.tolist(), thicknesses_nm=ice.tolist(), thickness_limit_nm=LIMIT_NM
        ).rejected
        always = cluster_holes(grey.tolist(), clusters=4, rejection="always").rejected
        report.at_least(
            f"{preset}: F1 of rejected holes ({len(bad)} bad)",
            f1(set(ours), bad),
            unit="F1",
            target=0.9,
            baseline=f1(set(always), bad),
            baseline_name="always darkest of 4",
        )
        good = len(rows) - len(bad)
        report.inform(
            f"{preset}: good holes lost",
            len(set(ours) - bad) / max(good, 1),
            unit="fraction",
            baseline=len(set(always) - bad) / max(good, 1),
            baseline_name="always darkest of 4",
        )
    _even(report, 2 if quick else 5)
    return report


def _even(report: Report, squares: int) -> None:
    """What each rule takes of good ice from a grid that is even but for its edges at the bars."""
    rows = gather(even_grid(squares))
    grey, ice = [row[0] for row in rows], [row[1] for row in rows]
    good = {n for n, row in enumerate(rows) if GOOD_NM[0] <= row[3] <= GOOD_NM[1]}
    ours = cluster_holes(grey, thicknesses_nm=ice, thickness_limit_nm=LIMIT_NM).rejected
    always = cluster_holes(grey, clusters=4, rejection="always").rejected
    report.at_most(
        f"even grid: holes of good ice lost, of {len(good)}",
        len(set(ours) & good) / max(len(good), 1),
        unit="fraction",
        target=0.01,
        baseline=len(set(always) & good) / max(len(good), 1),
        baseline_name="always darkest of 4",
    )


if __name__ == "__main__":
    raise SystemExit(main(claims))
