"""The U-Net of cryo-CARE as torch has it; imported only where something is learnt.

A running service needs none of this: it runs exported graphs.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

WIDTHS = (16, 32, 64)


class UNet(nn.Module):
    """(N, 1, h, w) to the same; sides divisible by 2 to the power of the depth.

    Two convolutions with ReLU a level, kernel 3, maximum of 2 x 2 on the way down, nearest
    neighbours on the way up, levels joined by concatenation, a linear last layer. `widths` are the
    channels of each level; with `residual` the input is added to the output.
    """

    def __init__(self, widths: Sequence[int] = WIDTHS, *, residual: bool = True) -> None:
        super().__init__()
        self.widths = tuple(widths)
        self.residual = residual
        inputs = (1, *self.widths[:-1])
        self.down = nn.ModuleList(_pair(a, b) for a, b in zip(inputs, self.widths, strict=True))
        self.up = nn.ModuleList(
            _pair(below + beside, beside)
            for beside, below in zip(self.widths[:-1], self.widths[1:], strict=True)
        )
        self.last = nn.Conv2d(self.widths[0], 1, 1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, noisy: Tensor) -> Tensor:
        """The picture without its noise."""
        flow, beside = noisy, []
        for number, level in enumerate(self.down):
            flow = level(flow if number == 0 else nn.functional.max_pool2d(flow, 2))
            beside.append(flow)
        for level, wide in zip(reversed(self.up), reversed(beside[:-1]), strict=True):
            larger = nn.functional.interpolate(flow, scale_factor=2.0, mode="nearest")
            flow = level(torch.cat([larger, wide], 1))
        said: Tensor = self.last(flow)
        return said + noisy if self.residual else said


def _pair(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(outputs, outputs, 3, padding=1),
        nn.ReLU(),
    )
