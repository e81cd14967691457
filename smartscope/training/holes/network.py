"""The hole network: a small U-Net at half resolution with four maps as its answer.

After Ronneberger et al. 2015 (U-Net) and Zhou et al. 2019 (objects as centre points); the disc's
centre is a smooth bump whose summit is read to a fraction of a pixel.
"""

from __future__ import annotations

import torch
from torch import nn

from smartscope.analysis.networks.hole_input import CHANNELS
from smartscope.training.holes.targets import MAPS

WIDTHS = (12, 24, 40, 64)
#: sigmoid(-4.6) = 0.01: a network that knows nothing claims nothing
QUIET_START = -4.6


def block(inside: int, outside: int, *, dilation: int = 1) -> nn.Sequential:
    """3 x 3 convolution, batch norm, ReLU; keeps height and width."""
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, padding=dilation, dilation=dilation, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(inplace=True),
    )


class HoleNetwork(nn.Module):
    """(N, 2, H, W) to logits (N, 4, H/2, W/2), in the order of `MAPS`; sides divisible by 16."""

    def __init__(self) -> None:
        super().__init__()
        first, second, third, fourth = WIDTHS
        self.stem = nn.Sequential(
            nn.Conv2d(CHANNELS, first, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(inplace=True),
            block(first, first),
        )
        self.down1 = nn.Sequential(nn.MaxPool2d(2), block(first, second), block(second, second))
        self.down2 = nn.Sequential(nn.MaxPool2d(2), block(second, third), block(third, third))
        self.down3 = nn.Sequential(
            nn.MaxPool2d(2),
            block(third, fourth),
            block(fourth, fourth, dilation=2),
            block(fourth, fourth),
        )
        self.wide = nn.Upsample(scale_factor=2, mode="nearest")
        self.up2 = nn.Sequential(block(fourth + third, third), block(third, third))
        self.up1 = nn.Sequential(block(third + second, second), block(second, second))
        self.up0 = nn.Sequential(block(second + first, first), block(first, first))
        self.head = nn.Conv2d(first, len(MAPS), 1)
        nn.init.constant_(self.head.bias, QUIET_START)

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        """Logits; a sigmoid makes them maps between 0 and 1."""
        full = self.stem(planes)
        half = self.down1(full)
        quarter = self.down2(half)
        deep = self.down3(quarter)
        quarter = self.up2(torch.cat([self.wide(deep), quarter], dim=1))
        half = self.up1(torch.cat([self.wide(quarter), half], dim=1))
        full = self.up0(torch.cat([self.wide(half), full], dim=1))
        logits: torch.Tensor = self.head(full)
        return logits
