"""What every trainer is given and gives back, whatever it trains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from smartscope.domain.errors import SmartscopeError


class TrainingRefused(SmartscopeError):
    """Training cannot start or go on; the message says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """Steps, not time, bound a training, so that the same seed gives the same network.

    `out` is a folder of this training alone: checkpoints, the exported network and its card.
    `data` is an export of labelled real images (then half of each batch), `base` a checkpoint to
    start from. `network` names one of the trainer's architectures.
    """

    out: Path
    seed: int = 1
    steps: int = 3000
    batch: int = 8
    data: Path | None = None
    base: Path | None = None
    resume: bool = False
    network: str = ""

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 1:
            raise TrainingRefused("A training needs at least one step of at least one image.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOutcome:
    """The exported network with its SHA-256 and what it reached on images it never saw."""

    onnx: Path
    sha256: str
    metrics: Mapping[str, float]
    summary: str
