"""What follows learning: export, and how well the exported network finds holes it never saw."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from smartscope.analysis.base import FindContext, FloatArray, Image, Level
from smartscope.analysis.networks.network import Network, Trained
from smartscope.analysis.networks.network_holes import NetworkHoleFinder
from smartscope.training.holes.export import export
from smartscope.training.holes.network import HoleNetwork
from smartscope.training.holes.targets import is_hidden
from smartscope.training.options import TrainingOptions, TrainingOutcome
from smartscope.training.samples import SquareSample
from smartscope.training.split import Split
from smartscope.training.square_images import stream_square_images

JUDGED_SQUARES = 40
SAME_HOLE_DIAMETERS = 0.25
#: a square with fewer visible holes has no lattice to grow
FEWEST_HOLES = 20
NAME = "network_holes.onnx"


def finish(network: HoleNetwork, options: TrainingOptions) -> TrainingOutcome:
    """Write `network_holes.onnx` and `metrics.json` into `options.out`."""
    file = options.out / NAME
    sha256 = export(network, file)
    finder = NetworkHoleFinder(Trained(Network(file.read_bytes()), sha256))
    metrics = judge(finder, stream_square_images(options.seed, Split.TEST), JUDGED_SQUARES)
    facts = {"sha256": sha256, "seed": options.seed, "steps": options.steps, **metrics}
    _write(options.out / "metrics.json", json.dumps(facts, indent=2) + "\n")
    return TrainingOutcome(
        onnx=file,
        sha256=sha256,
        metrics=metrics,
        summary=f"{options.steps} steps of {options.batch} crops, seed {options.seed}.",
    )


def judge(
    finder: NetworkHoleFinder, stream: Iterable[SquareSample], squares: int
) -> Mapping[str, float]:
    """Precision over all holes, recall of those not hidden, median centre error in diameters.

    Over the first `squares` of the stream with at least 20 visible holes on a lattice.
    """
    usable = (s for s in stream if s.lattice_px is not None and _visible(s) >= FEWEST_HOLES)
    found, right, wanted, met, errors = 0, 0, 0, 0, []
    for sample in islice(usable, squares):
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


def _visible(sample: SquareSample) -> int:
    return sum(not is_hidden(hole) for hole in sample.holes)


def _found(finder: NetworkHoleFinder, sample: SquareSample) -> FloatArray:
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


def _write(file: Path, text: str) -> None:
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    aside.write_text(text, encoding="utf-8")
    aside.replace(file)
