"""Which square network is trained; each one's training is a module of its own."""

from __future__ import annotations

from smartscope.training.options import TrainingOptions, TrainingOutcome, TrainingRefused


def train(options: TrainingOptions) -> TrainingOutcome:
    """Train `small` (the default: crops of squares that the classical search found) or
    `faster-rcnn` (finds by itself; wants a GPU). Raises `TrainingRefused`.
    """
    if options.network in ("", "small"):
        from smartscope.training.squares.small_training import train_small

        return train_small(options)
    if options.network == "faster-rcnn":
        from smartscope.training.squares.faster_rcnn_training import train_faster_rcnn

        return train_faster_rcnn(options)
    raise TrainingRefused(
        f"There is no square network {options.network!r}; there are small and faster-rcnn."
    )
