"""How well the size of particles is measured when nobody says, beside the best scale alone.

Simulated grids that nothing was fitted on. The true size is the longest side of the phantom's
residues; the simulator keeps its particles apart by less where they are hollow balls.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import replace

import numpy as np
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist

from benchmarks.picking_sets import SEED
from benchmarks.report import Report, main
from smartscope.analysis.picking.diameter import measured_diameter, peak_scale
from smartscope.analysis.picking.left_out import left_out
from smartscope.analysis.picking.matched import coarse_micrograph
from smartscope.microscope.simulator.specimen.phantoms import DIAMETER_NM, phantom
from smartscope.training.picking.micrographs import PICKING_CAMERA, grid_numbers, micrographs_of
from smartscope.training.split import Split

WITHIN = 0.1
TARGET_SHARE = 0.9
GRIDS, EACH = 2, 3
CAMERA = replace(PICKING_CAMERA, name="diameter", width_px=1280, height_px=1280)


def longest_side(species: str) -> float:
    """Å, over residues of the phantom: two of them lie so far apart."""
    residues = phantom(species).residues_angstrom
    outer = residues[ConvexHull(residues).vertices]
    return float(pdist(outer).max())


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """Sizes of particles."""
    grids, each = (1, 2) if quick else (GRIDS, EACH)
    report = Report("Size of particles that nobody gave: simulated, unseen grids, five phantoms")
    right, right_scale = [], []
    for species in sorted(DIAMETER_NM):
        true, found = longest_side(species), defaultdict(list)
        for number in grid_numbers(SEED, Split.TEST, species, grids):
            shown = list(micrographs_of(SEED, number, each, camera=CAMERA))
            if not any(len(one.centres_px) for one in shown):
                continue
            coarse = [
                coarse_micrograph(
                    one.total,
                    pixel_size_angstrom=one.pixel_size_angstrom,
                    dirt=left_out(one.total, pixel_size_angstrom=one.pixel_size_angstrom).mask,
                )
                for one in shown
            ]
            measured = measured_diameter(coarse)
            found["size"].append(float("nan") if measured is None else measured.angstrom)
            found["scale"].append(peak_scale(coarse))
        right += [abs(size / true - 1.0) <= WITHIN for size in found["size"]]
        right_scale += [abs(size / true - 1.0) <= WITHIN for size in found["scale"]]
        report.inform(
            f"{species}, true {true:.0f} Å",
            ", ".join(f"{size:.0f}" for size in found["size"]),
            unit="Å",
            baseline=", ".join(f"{size:.0f}" for size in found["scale"]),
            baseline_name="scale alone",
        )
    report.at_least(
        f"grids within 10 % ({len(right)})",
        float(np.mean(right)),
        unit="share",
        target=TARGET_SHARE,
        baseline=float(np.mean(right_scale)),
        baseline_name="scale alone",
    )
    return report


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))
