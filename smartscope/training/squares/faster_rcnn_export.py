"""A trained Faster R-CNN as an ONNX file that answers as torch does, and what it finds on tuning
grids.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.io.atomic import written_aside
from smartscope.analysis.networks.network import Network, checksum
from smartscope.training.atlases import stream_atlases
from smartscope.training.options import TrainingOptions, TrainingOutcome, TrainingRefused
from smartscope.training.split import Split
from smartscope.training.squares.detector_data import Boxed, boxed
from smartscope.training.squares.examples import one_to_one
from smartscope.training.squares.faster_rcnn import DetectSquares

NAME = "square_detector.onnx"
OPSET = 17
TUNE_ATLASES = 12
#: The exported detector must find the same boxes: overlap and difference of score.
PARITY_OVERLAP = 0.99
PARITY_SCORE = 1e-3
USED_SCORE = 0.2
LARGEST_PARITY_PX = 512


def finish(detector: Any, options: TrainingOptions) -> TrainingOutcome:
    """Export below `options.out` and measure on tuning atlases; refuses an export without
    parity.
    """
    finished = DetectSquares(detector).eval()
    atlases = [
        atlas
        for sample in stream_atlases(
            options.seed, Split.TUNE, count=min(TUNE_ATLASES, options.steps)
        )
        if (atlas := boxed(sample)) is not None
    ]
    path, sha256, network = _export(finished, atlases, options.out)
    metrics = _metrics(network, atlases)
    said = ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())
    return TrainingOutcome(
        onnx=path, sha256=sha256, metrics=metrics, summary=f"{len(atlases)} tuning atlases: {said}"
    )


def _export(
    finished: DetectSquares, atlases: list[Boxed], folder: Path
) -> tuple[Path, str, Network]:
    path = folder / NAME
    folder.mkdir(parents=True, exist_ok=True)
    pictures = [_input(atlas.grey[:LARGEST_PARITY_PX, :LARGEST_PARITY_PX]) for atlas in atlases]
    with written_aside(path) as aside:
        with warnings.catch_warnings():
            # The tracer warns of every shape it takes for constant; parity below is the test.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                finished,
                (pictures[0],),
                str(aside),
                input_names=["picture"],
                output_names=["boxes", "scores", "probabilities"],
                dynamic_axes={
                    "picture": {2: "height", 3: "width"},
                    **{name: {0: "squares"} for name in ("boxes", "scores", "probabilities")},
                },
                opset_version=OPSET,
                dynamo=False,
            )
        graph = aside.read_bytes()
        network = Network(graph)
        for picture in pictures[:3]:
            _require_parity(finished, network, picture)
    return path, checksum(graph), network


def _require_parity(finished: DetectSquares, network: Network, picture: torch.Tensor) -> None:
    with torch.no_grad():
        boxes, scores, _ = (part.numpy() for part in finished(picture))
    got_boxes, got_scores, _ = network.run(picture.numpy())
    same = len(boxes) == len(got_boxes)
    if same and len(boxes):
        best = _overlaps(boxes.astype(np.float64), got_boxes.astype(np.float64))
        same = bool((best.max(axis=1) >= PARITY_OVERLAP).all())
        same &= float(np.abs(got_scores[best.argmax(axis=1)] - scores).max()) <= PARITY_SCORE
    if not same:
        raise TrainingRefused(
            f"The exported detector finds {len(got_boxes)} boxes where torch finds {len(boxes)}, "
            "or others; nothing was written. Check the versions in requirements-train.txt."
        )


def _overlaps(one: FloatArray, other: FloatArray) -> FloatArray:
    """Intersection over union (N, M) of boxes (N, 4) and (M, 4)."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    common = np.prod(np.maximum(high - low, 0.0), axis=2)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (one, other)]
    return np.asarray(common / (areas[0][:, None] + areas[1][None] - common))


def _metrics(network: Network, atlases: list[Boxed]) -> dict[str, float]:
    """Share of squares found, of findings that are squares, and of those classed rightly."""
    found = squares = right = matched = 0
    for atlas in atlases:
        boxes, scores, said = network.run(_input(atlas.grey).numpy())
        used = scores >= USED_SCORE
        whole, said = boxes[used].astype(np.float64), said[used]
        found, squares = found + len(whole), squares + len(atlas.labels)
        if len(whole) == 0 or len(atlas.labels) == 0:
            continue
        side = float(np.median(atlas.boxes[:, 2] - atlas.boxes[:, 0]))
        here, there = one_to_one(_middles(whole), _middles(atlas.boxes), 0.35 * side)
        matched += len(here)
        right += int((said[here].argmax(axis=1) + 1 == atlas.labels[there]).sum())
    return {
        "recall": matched / max(squares, 1),
        "precision": matched / max(found, 1),
        "accuracy": right / max(matched, 1),
    }


def _middles(boxes: FloatArray) -> FloatArray:
    return np.asarray((boxes[:, :2] + boxes[:, 2:]) / 2)


def _input(grey: FloatImage) -> torch.Tensor:
    return torch.from_numpy(np.repeat(grey[None, None], 3, axis=1).astype(np.float32))
