"""The network that names exposures: 64-32-8 on standardised indicators, and a distance to them.

Needs torch; imported by trainers only.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

WIDTHS = (64, 32)
DROPOUT = 0.2
LARGEST_SD = 4.0


class QualityNet(nn.Module):
    """Logits (N, classes) of indicators and of which are known, both (N, F).

    `mean`, `sd` standardise and travel with the weights; what is not known lies at the mean.
    """

    def __init__(self, indicators: int, classes: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(indicators))
        self.register_buffer("sd", torch.ones(indicators))
        first, second = WIDTHS
        self.layers = nn.Sequential(
            nn.Linear(2 * indicators, first),
            nn.GELU(),
            nn.Dropout(DROPOUT),
            nn.Linear(first, second),
            nn.GELU(),
            nn.Dropout(DROPOUT),
            nn.Linear(second, classes),
        )

    def standard(self, values: Tensor, known: Tensor) -> Tensor:
        """Indicators in units of their spread, zero where not known."""
        return (known * (values - self.mean) / self.sd).clamp(-LARGEST_SD, LARGEST_SD)

    def forward(self, values: Tensor, known: Tensor) -> Tensor:
        """Logits (N, classes)."""
        logits: Tensor = self.layers(torch.cat([self.standard(values, known), known], 1))
        return logits


class Judge(nn.Module):
    """A trained network that answers probabilities and novelty.

    Novelty is the least Mahalanobis distance to a class's mean, with one covariance for all (Lee et
    al., NeurIPS 2018, section 2), over its limit; unlike the network it sees values unclamped.
    """

    def __init__(
        self,
        network: QualityNet,
        *,
        temperature: float,
        offsets: Tensor,
        centres: Tensor,
        whitening: Tensor,
        limit: float,
    ) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature
        self.limit = limit
        self.register_buffer("offsets", offsets)
        self.register_buffer("centres", centres)
        self.register_buffer("whitening", whitening)

    def forward(self, values: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """(N, classes), rows sum to 1; (N, 1)."""
        logits = self.network(values, known)
        said = torch.softmax(logits / self.temperature + self.offsets, 1)
        plain = known * (values - self.network.mean) / self.network.sd
        away = torch.matmul(plain.unsqueeze(1) - self.centres.unsqueeze(0), self.whitening)
        distance = away.square().sum(2).amin(1, keepdim=True).sqrt()
        return said, distance / self.limit
