"""The small network that names squares: a residual convolutional net on a crop, joined by the
measured features.

Needs torch; imported by trainers only.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

#: Channels after the first convolution, which looks at 8 x 8 pixels in steps of 4, and after each
#: residual block; the steps of those blocks.
WIDTHS = (24, 32, 64, 96)
STRIDES = (1, 2, 2)
FEATURE_WIDTH = 32
HIDDEN = 64
DROPOUT = 0.3
#: How many of the features are dropped altogether in training, so that neither input is idle.
FEATURES_DROPPED = 0.15
LARGEST_SD = 4.0


class Residual(nn.Module):
    """Two 3 x 3 convolutions, the first with stride, beside a 1 x 1 shortcut (He et al. 2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H/stride, W/stride)."""
        return torch.relu(self.body(x) + self.shortcut(x))


class SquareNet(nn.Module):
    """Logits (N, classes) of crops (N, 2, 112, 112) and features (N, F) in their own units.

    `mean`, `sd` standardise the features and travel with the weights. The crop's mean and its
    maximum over the last map are both kept: dirt is everywhere, a crack is in one place.
    """

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("sd", torch.ones(features))
        first, *others = WIDTHS
        layers: list[nn.Module] = [
            nn.Conv2d(2, first, 8, 4, 2, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(),
        ]
        for inputs, outputs, stride in zip(WIDTHS[:-1], others, STRIDES, strict=True):
            layers.append(Residual(inputs, outputs, stride))
        self.crop = nn.Sequential(*layers)
        self.feature = nn.Sequential(nn.Linear(features, FEATURE_WIDTH), nn.ReLU())
        self.head = nn.Sequential(
            nn.Dropout(DROPOUT),
            nn.Linear(2 * WIDTHS[-1] + FEATURE_WIDTH, HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, classes),
        )

    def forward(self, crops: Tensor, features: Tensor) -> Tensor:
        """Logits (N, classes)."""
        seen = self.crop(crops)
        standard = ((features - self.mean) / self.sd).clamp(-LARGEST_SD, LARGEST_SD)
        if self.training:
            keep = torch.rand(len(features), 1) >= FEATURES_DROPPED
            standard = standard * keep
        pooled = torch.cat([seen.mean((2, 3)), seen.amax((2, 3)), self.feature(standard)], 1)
        logits: Tensor = self.head(pooled)
        return logits


class Calibrated(nn.Module):
    """A trained network that answers probabilities: softmax(logits / temperature + offsets)."""

    def __init__(self, network: SquareNet, temperature: float, offsets: Tensor) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("temperature", torch.tensor(temperature))
        self.register_buffer("offsets", offsets)

    def forward(self, crops: Tensor, features: Tensor) -> Tensor:
        """(N, classes), rows sum to 1."""
        return torch.softmax(self.network(crops, features) / self.temperature + self.offsets, 1)
