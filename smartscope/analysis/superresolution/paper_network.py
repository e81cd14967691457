"""The network of cryo-ZSSR as torch has it; imported only where this plug-in is used.

Encoder and fusion follow the paper's account of HighRes-net; the decoder is not given for views
that are enlarged beforehand, so two convolutions stand for it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

CHANNELS = 64


class PaperNetwork(nn.Module):
    """(N, K, 2h, 2w) enlarged views to (N, 1, 2h, 2w): their median and a learnt residual.

    K must be a power of two.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(2, CHANNELS, 3, padding=1),
            nn.PReLU(),
            _Residual(CHANNELS),
            _Residual(CHANNELS),
            nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1),
        )
        self.joined = nn.Sequential(
            _Residual(2 * CHANNELS),
            nn.Conv2d(2 * CHANNELS, CHANNELS, 3, padding=1),
            nn.PReLU(),
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1), nn.PReLU(), nn.Conv2d(CHANNELS, 1, 1)
        )

    def forward(self, views: Tensor) -> Tensor:
        """The finer picture."""
        median = views.median(dim=1, keepdim=True).values
        states = [
            self.encoder(torch.cat([views[:, number : number + 1], median], 1))
            for number in range(views.shape[1])
        ]
        while len(states) > 1:
            half = len(states) // 2
            states = [
                states[number] + self.joined(torch.cat([states[number], states[-1 - number]], 1))
                for number in range(half)
            ]
        finer: Tensor = median + self.decoder(states[0])
        return finer


class _Residual(nn.Module):
    """x + two convolutions of x, each with PReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.PReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.PReLU(),
        )

    def forward(self, flow: Tensor) -> Tensor:
        """Same shape."""
        added: Tensor = flow + self.body(flow)
        return added


def enlarged(views: Tensor) -> Tensor:
    """(…, h, w) to (…, 2h, 2w), bilinear between the centres of pixels."""
    found: Tensor = nn.functional.interpolate(
        views, scale_factor=2.0, mode="bilinear", align_corners=False
    )
    return found
