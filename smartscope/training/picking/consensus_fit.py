"""Fits the weights of a consensus on simulated micrographs: `python -m` prints the TOML to ship."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.special import expit

from smartscope.analysis import registry
from smartscope.analysis.base import BoolArray, FloatArray
from smartscope.analysis.picking.consensus import cliques
from smartscope.analysis.picking.matching import hits_in_order
from smartscope.analysis.picking.scoring import PAIRED_WITHIN
from smartscope.training.picking.micrographs import (
    NO_PARTICLES,
    SPECIES,
    Micrograph,
    grid_numbers,
    micrographs_of,
)
from smartscope.training.split import Split

NAMES = ("matched-picker", "intensity-clusters")
SEED = 1
GRIDS = 3
_RIDGE = 1.0
_STEPS = 25


def training_micrographs(grids: int) -> Iterator[Micrograph]:
    """The first micrograph of each of so many grids of every species of the training part."""
    for species in SPECIES:
        if species == NO_PARTICLES:
            continue
        for number in grid_numbers(SEED, Split.TRAIN, species, grids):
            yield from micrographs_of(SEED, number, 1)


def examples(micrographs: Iterator[Micrograph]) -> tuple[FloatArray, BoolArray]:
    """Features (n, 4) of every clique, and which are particles (n,); broken ones are left out."""
    features, right = [], []
    pickers = [registry.picker(name) for name in NAMES]
    for shown in micrographs:
        pixel, diameter = shown.pixel_size_angstrom, shown.diameter_angstrom
        answers = [
            picker.pick(
                shown.total,
                pixel_size_angstrom=pixel,
                diameter_angstrom=diameter,
                dirt=shown.dirty,
            )
            for picker in pickers
        ]
        diameter_px = (diameter or 0.0) / pixel
        found = cliques(answers, diameter_px=diameter_px)
        each = found.features()
        order = np.argsort(-each.sum(axis=1), kind="stable")
        hits = hits_in_order(
            found.centres_px[order],
            -np.arange(len(order), dtype=np.float64),
            shown.centres_px,
            PAIRED_WITHIN * diameter_px,
        )[1]
        features.append(each[order])
        right.append(hits)
    return np.concatenate(features), np.concatenate(right)


def fitted(features: FloatArray, right: BoolArray) -> FloatArray:
    """Logistic weights, the offset last, with a ridge on all but the offset."""
    inputs = np.column_stack([features, np.ones(len(features))])
    ridge = _RIDGE * np.eye(inputs.shape[1])
    ridge[-1, -1] = 1e-6
    found = np.zeros(inputs.shape[1])
    for _ in range(_STEPS):
        odds = expit(inputs @ found)
        bend = (inputs * (odds * (1.0 - odds))[:, None]).T @ inputs + ridge
        found = found + np.linalg.solve(bend, inputs.T @ (right - odds) - ridge @ found)
    return found


def best_threshold(probabilities: FloatArray, right: BoolArray) -> float:
    """Where F1 over all examples is best."""
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum(right[order])
    f1 = 2.0 * hits / (np.arange(1, len(hits) + 1) + hits[-1])
    return float(probabilities[order][int(np.argmax(f1))])


def as_toml(weights: FloatArray, threshold: float, *, grids: int, count: int) -> str:
    """The file that is shipped, with where its numbers come from."""
    many = len(NAMES)
    lines = [
        f"# Fitted by smartscope.training.picking.consensus_fit on {count} places in simulated",
        f"# micrographs of {grids} grids of each of {len(SPECIES) - 1} species, training part.",
        f"seed = {SEED}",
        f"offset = {weights[-1]:.4f}",
        f"threshold = {threshold:.4f}",
    ]
    for title, values in (("presence", weights[:many]), ("sureness", weights[many : 2 * many])):
        lines += ["", f"[{title}]"]
        lines += [f"{name} = {value:.4f}" for name, value in zip(NAMES, values, strict=True)]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Print the TOML; the first argument is the number of grids per species."""
    grids = int(arguments[0]) if arguments else GRIDS
    features, right = examples(training_micrographs(grids))
    weights = fitted(features, right)
    inputs = np.column_stack([features, np.ones(len(features))])
    threshold = best_threshold(expit(inputs @ weights), right)
    sys.stdout.write(as_toml(weights, threshold, grids=grids, count=len(right)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
