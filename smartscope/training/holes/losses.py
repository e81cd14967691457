"""How wrong the network's maps are."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

#: weights of disc, dirt and opening beside the centre map's loss of one
SIDE_WEIGHTS = (0.6, 0.4, 0.4)


def hole_loss(logits: Tensor, maps: Tensor, weights: Tensor) -> Tensor:
    """Scalar loss of logits (N, 4, h, w) against maps (N, 4, h, w) in 0-1, each where its
    weight (N, 4, h, w) is 1.

    Centre: quality focal loss (Li et al. 2020, equation 3) with exponent 1, per unit of bump, so
    that the optimum is the bump itself and its summit can be read between pixels. The others:
    cross-entropy.
    """
    off = (logits[:, 0].sigmoid() - maps[:, 0]).abs().detach()
    centre = functional.binary_cross_entropy_with_logits(logits[:, 0], maps[:, 0], reduction="none")
    loss = (off * centre * weights[:, 0]).sum() / (maps[:, 0].sum() + 50.0)
    for number, weight in enumerate(SIDE_WEIGHTS, start=1):
        side = functional.binary_cross_entropy_with_logits(
            logits[:, number], maps[:, number], weights[:, number], reduction="sum"
        )
        loss = loss + weight * side / weights[:, number].sum().clamp(min=1.0)
    return loss
