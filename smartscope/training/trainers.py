"""Who trains what; a trainer is imported only when asked for, because it needs torch."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

from smartscope.training.options import TrainingOptions, TrainingOutcome, TrainingRefused

Trainer = Callable[[TrainingOptions], TrainingOutcome]

TRAINERS: Mapping[str, str] = MappingProxyType(
    {
        "denoiser": "smartscope.training.denoising.train:train",
        "exposures": "smartscope.training.exposures.train:train",
        "holes": "smartscope.training.holes.train:train",
        "squares": "smartscope.training.squares.train:train",
    }
)


def trainer(what: str) -> Trainer:
    """The trainer of `what`; raises `TrainingRefused` where it is unknown or torch is absent."""
    address = TRAINERS.get(what)
    if address is None:
        raise TrainingRefused(f"Nothing called {what!r} can be trained; {', '.join(TRAINERS)} can.")
    module, _, name = address.partition(":")
    try:
        made: Trainer = getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise TrainingRefused(
            f"Training {what} needs what is not installed ({error}); "
            "say pip install -r requirements-train.txt."
        ) from error
    return made
