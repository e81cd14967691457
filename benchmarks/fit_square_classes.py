"""Fit the classical square classes on simulated atlases and write their coefficients.

`python -m benchmarks.fit_square_classes` prints a confusion table on atlases it did not fit on.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from benchmarks.scenes import AtlasScene, match, take_atlas
from smartscope.analysis.base import FloatArray
from smartscope.analysis.detection.seen_squares import see_squares
from smartscope.analysis.detection.softmax import SoftmaxModel, terms
from smartscope.analysis.detection.square_features import SquareFeatures
from smartscope.microscope.simulator.specimen.spec import Preset, preset_spec

LABELS = ("good", "small", "contaminated", "cracked", "partial", "dry")
FEATURES = tuple(field.name for field in fields(SquareFeatures))
FILMS = ("R1.2/1.3", "R2/2", "UltrAuFoil R1.2/1.3")
RIDGE = 3.0
TARGET = Path("smartscope/analysis/detection/square_classes.toml")
HEADER = """# Multinomial logistic coefficients of the square classes, on standardised features.
# Written by benchmarks/fit_square_classes.py from simulated atlases.
"""


def examples(scene: AtlasScene) -> tuple[FloatArray, list[str]]:
    """Feature vectors (N, F) of the squares recognised in a scene, and their true classes."""
    seen = see_squares(scene.image, scene.context)
    if seen is None:
        return np.empty((0, len(FEATURES))), []
    half_side = scene.context.mesh_opening_um or 50.0
    found, truth = match(
        seen.middles_px(), scene.truth_px(), 0.5 * half_side / scene.image.pixel_size_um
    )
    labels = scene.labels()
    return (
        np.array([seen.features[number].vector() for number in found]),
        [labels[number] for number in truth],
    )


def gather(grids: int, purpose: str) -> tuple[FloatArray, list[str]]:
    """Examples of `grids` atlases over all presets, meshes and films; grids are named after the
    purpose.
    """
    vectors, labels = [], []
    for number in range(grids):
        turn = number // len(Preset)
        spec = preset_spec(
            list(Preset)[number % len(Preset)],
            f"{purpose}-{number}",
            mesh=("300", "400", "200")[turn % 3],
            film=FILMS[(turn // 3 + number % len(Preset)) % 3 if turn >= 3 else 0],
        )
        some, names = examples(take_atlas(spec, columns=3, rows=3))
        vectors.append(some)
        labels += names
    return np.concatenate(vectors), labels


def fit(vectors: FloatArray, truth: list[str]) -> SoftmaxModel:
    """The most likely coefficients under a ridge. No class counts more than it occurs, so the sum
    of a class's probabilities estimates its number.
    """
    mean, sd = vectors.mean(axis=0), np.maximum(vectors.std(axis=0), 1e-6)
    inputs = terms((vectors - mean) / sd)
    target = np.array([[float(name == label) for label in LABELS] for name in truth])
    shape = (len(LABELS), inputs.shape[1] + 1)

    def loss(flat: FloatArray) -> tuple[float, FloatArray]:
        weights = flat.reshape(shape)
        logits = inputs @ weights[:, :-1].T + weights[:, -1]
        logits -= logits.max(axis=1, keepdims=True)
        total = np.log(np.exp(logits).sum(axis=1, keepdims=True))
        error = np.exp(logits - total) - target
        slope = np.column_stack([error.T @ inputs + RIDGE * weights[:, :-1], error.sum(axis=0)])
        value = -(target * (logits - total)).sum() + RIDGE / 2 * (weights[:, :-1] ** 2).sum()
        return float(value), slope.ravel()

    start = np.zeros(shape[0] * shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 600})
    weights = found.x.reshape(shape)
    return SoftmaxModel(LABELS, FEATURES, mean, sd, weights[:, :-1], weights[:, -1])


def as_toml(model: SoftmaxModel) -> str:
    """The model as the TOML that `read_model` reads."""
    lines = [
        HEADER + f"labels = {list(model.labels)}",
        f"features = {list(model.features)}",
        f"mean = {_numbers(model.mean)}",
        f"sd = {_numbers(model.sd)}",
        "\n[bias]",
        *(f"{name} = {value:.4f}" for name, value in zip(model.labels, model.bias, strict=True)),
        "\n[weights]",
        *(f"{n} = {_numbers(row)}" for n, row in zip(model.labels, model.weights, strict=True)),
    ]
    return "\n".join(lines).replace("'", '"') + "\n"


def main() -> int:
    """Fit, write, and print the confusion on held-out grids."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grids", type=int, default=45)
    parser.add_argument("--held-out", type=int, default=5)
    options = parser.parse_args()
    vectors, truth = gather(options.grids, "fit-classes")
    model = fit(vectors, truth)
    TARGET.write_text(as_toml(model), encoding="utf-8")
    test_vectors, test_truth = gather(options.held_out, "tune-classes")
    chosen = model.probabilities(test_vectors).argmax(axis=1)
    sys.stdout.write("true \\ said   " + " ".join(f"{name:>12}" for name in LABELS) + "\n")
    for name in LABELS:
        row = [
            sum(t == name and c == k for t, c in zip(test_truth, chosen, strict=True))
            for k in range(len(LABELS))
        ]
        sys.stdout.write(f"{name:14}" + " ".join(f"{count:12d}" for count in row) + "\n")
    right = np.mean([LABELS[c] == t for t, c in zip(test_truth, chosen, strict=True)])
    sys.stdout.write(f"fitted on {len(truth)}, held out {len(test_truth)}: {right:.3f} right\n")
    return 0


def _numbers(values: FloatArray) -> list[float]:
    return [round(float(value), 4) for value in values]


if __name__ == "__main__":
    sys.exit(main())
