"""What follows learning: export, and how well the exported network finds holes it never saw."""

from __future__ import annotations

import json
import os
from itertools import islice
from pathlib import Path

from smartscope.analysis.networks.network import Network, Trained
from smartscope.analysis.networks.network_holes import NetworkHoleFinder
from smartscope.training.holes.export import export
from smartscope.training.holes.judging import enough_holes, judge
from smartscope.training.holes.network import HoleNetwork
from smartscope.training.options import TrainingOptions, TrainingOutcome
from smartscope.training.split import Split
from smartscope.training.square_images import stream_square_images

JUDGED_SQUARES = 40
NAME = "network_holes.onnx"


def finish(network: HoleNetwork, options: TrainingOptions) -> TrainingOutcome:
    """Write `network_holes.onnx` and `metrics.json` into `options.out`."""
    file = options.out / NAME
    sha256 = export(network, file)
    finder = NetworkHoleFinder(Trained(Network(file.read_bytes()), sha256))
    held_out = filter(enough_holes, stream_square_images(options.seed, Split.TEST))
    metrics = judge(finder, islice(held_out, JUDGED_SQUARES))
    facts = {"sha256": sha256, "seed": options.seed, "steps": options.steps, **metrics}
    _write(options.out / "metrics.json", json.dumps(facts, indent=2) + "\n")
    return TrainingOutcome(
        onnx=file,
        sha256=sha256,
        metrics=metrics,
        summary=f"{options.steps} steps of {options.batch} crops, seed {options.seed}.",
    )


def _write(file: Path, text: str) -> None:
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    aside.write_text(text, encoding="utf-8")
    aside.replace(file)
