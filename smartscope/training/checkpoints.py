"""A training's state on disk: whole or not there, so that it can go on after any end."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from smartscope.training.options import TrainingRefused

NAME = "checkpoint.pt"


def save(folder: Path, state: dict[str, Any]) -> None:
    """Write aside, then rename: a checkpoint is never half written."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{NAME}.{os.getpid()}"
    torch.save(state, aside)
    aside.replace(folder / NAME)


def load(file: Path) -> dict[str, Any]:
    """Tensors and plain values only; raises `TrainingRefused` for what is absent or broken."""
    try:
        state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise TrainingRefused(f"There is no checkpoint {file}; start without it.") from error
    except Exception as error:  # torch.load raises whatever unpickling meets
        raise TrainingRefused(
            f"The checkpoint {file} cannot be read ({error}); delete it and start anew."
        ) from error
    return state
