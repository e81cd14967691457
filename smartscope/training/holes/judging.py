"""How well a finder finds the holes of labelled squares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from scipy.spatial import cKDTree

from smartscope.analysis.base import FindContext, Finder, FloatArray, Image, Level
from smartscope.training.holes.targets import is_hidden
from smartscope.training.samples import SquareSample

SAME_HOLE_DIAMETERS = 0.25
FEWEST_HOLES = 20


def enough_holes(sample: SquareSample) -> bool:
    """True with at least 20 visible holes on a lattice: fewer are none to grow."""
    visible = sum(not is_hidden(hole) for hole in sample.holes)
    return sample.lattice_px is not None and visible >= FEWEST_HOLES


def judge(finder: Finder, squares: Iterable[SquareSample]) -> Mapping[str, float]:
    """Precision over all holes, recall of those not hidden, median centre error in diameters."""
    found, right, wanted, met, errors = 0, 0, 0, 0, []
    for sample in squares:
        places = _found(finder, sample)
        truth = np.array([hole.centre_px for hole in sample.holes])
        reach = SAME_HOLE_DIAMETERS * 2 * float(np.median([h.radius_px for h in sample.holes]))
        pairs = _pairs(places, truth, reach)
        visible = np.array([not is_hidden(hole) for hole in sample.holes])
        found, right = found + len(places), right + len(pairs)
        wanted, met = wanted + int(visible.sum()), met + int(visible[list(pairs.values())].sum())
        errors += [
            float(np.linalg.norm(places[a] - truth[b])) / reach / 4 for a, b in pairs.items()
        ]
    return {
        "precision": right / max(found, 1),
        "recall": met / max(wanted, 1),
        "centre_error_diameters": float(np.median(errors)) if errors else float("nan"),
    }


def _found(finder: Finder, sample: SquareSample) -> FloatArray:
    image = Image.from_array(
        sample.pixels, level=Level.SQUARE, to_stage=sample.to_stage, tilt_deg=sample.tilt_deg
    )
    context = FindContext(
        hole_diameter_um=sample.film.hole_um,
        hole_pitch_um=sample.film.pitch_um,
        foil="gold" if sample.film.gold else "carbon",
    )
    answer = finder.find(image, context)
    on_lattice: FloatArray = answer.positions_px[answer.probabilities.argmax(axis=1) != 2]
    return on_lattice


def _pairs(places: FloatArray, truth: FloatArray, reach: float) -> dict[int, int]:
    """Number found to number true, nearest first, one to one, at most `reach` px apart."""
    if len(places) == 0:
        return {}
    near = cKDTree(places).sparse_distance_matrix(cKDTree(truth), reach, output_type="ndarray")
    close = sorted((float(pair["v"]), int(pair["i"]), int(pair["j"])) for pair in near)
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, a, b in close:
        if a not in pairs and b not in taken:
            pairs[a] = b
            taken.add(b)
    return pairs
