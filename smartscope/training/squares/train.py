"""Which square network is trained; each one's training is a module of its own."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from smartscope.analysis.io.atomic import written_aside
from smartscope.training.options import TrainingOptions, TrainingOutcome, TrainingRefused
from smartscope.training.squares.real_examples import NAME as REAL_TABLE


def train(options: TrainingOptions) -> TrainingOutcome:
    """Train `small` (the default: crops of squares that the classical search found) or
    `faster-rcnn` (finds by itself; wants a GPU), and write what came of it as `metrics.json`.

    Raises `TrainingRefused`, or `HeldOut` for real images that are kept for testing.
    """
    if options.network in ("", "small"):
        from smartscope.training.squares.small_training import train_small

        outcome = train_small(options)
    elif options.network == "faster-rcnn":
        from smartscope.training.squares.faster_rcnn_training import train_faster_rcnn

        outcome = train_faster_rcnn(options)
    else:
        raise TrainingRefused(
            f"There is no square network {options.network!r}; there are small and faster-rcnn."
        )
    _write_metrics(options, outcome)
    return outcome


def _write_metrics(options: TrainingOptions, outcome: TrainingOutcome) -> None:
    facts = {
        "sha256": outcome.sha256,
        "seed": options.seed,
        "steps": options.steps,
        "data_sha256": None if options.data is None else _digest(options.data / REAL_TABLE),
        **outcome.metrics,
    }
    with written_aside(options.out / "metrics.json") as aside:
        aside.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
