"""Trains cryo-ZSSR's network on one movie: its own late frames foretell its early half.

Loss and stopping rule as published; the loss's weight and width are not given there, so the two
terms start equal and the width is 0.25 cycles per pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from smartscope.analysis.superresolution.paper_network import PaperNetwork, enlarged
from smartscope.analysis.superresolution.paper_views import PaperPair, halved


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperSettings:
    """As published, but for what a smaller machine must make smaller."""

    crop_px: int = 256
    batch: int = 8
    most_steps: int = 400
    rate: float = 1e-3
    least_rate: float = 1e-5
    width_per_px: float = 0.25
    #: the slope of recent errors is looked at over so many steps, every so many
    window: int = 32
    check_every: int = 8
    pairs: int = 8
    back_projections: int = 10
    seed: int = 1


def train(pairs: list[PaperPair], settings: PaperSettings) -> PaperNetwork:
    """The network after at most `most_steps`; pictures must have mean 0 and a spread of about 1."""
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    network = PaperNetwork()
    optimiser = torch.optim.Adam(network.parameters(), settings.rate)
    weight: float | None = None
    errors: list[float] = []
    last_cut = 0
    for step in range(settings.most_steps):
        views, target = _batch(pairs, settings, rng)
        made = network(enlarged(views))
        plain = torch.mean((made - target) ** 2)
        waves = _waves(made - target, settings.width_per_px)
        if weight is None:
            weight = float(plain.detach()) / max(float(waves.detach()), 1e-30)
        loss = plain + weight * waves
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        errors.append(float(loss.detach()))
        if step - last_cut < settings.window or step % settings.check_every:
            continue
        if _stalls(errors[-settings.window :]):
            last_cut = step
            for group in optimiser.param_groups:
                group["lr"] /= 10.0
                if group["lr"] < settings.least_rate:
                    return network
    return network


def _stalls(errors: list[float]) -> bool:
    """ZSSR's rule: 1.5 times the fall per step is less than the scatter about the line."""
    steps = np.arange(len(errors), dtype=np.float64)
    slope, level = np.polyfit(steps, errors, 1)
    scatter = float(np.std(np.asarray(errors) - (slope * steps + level)))
    return bool(-1.5 * slope < scatter)


def _waves(difference: Tensor, width_per_px: float) -> Tensor:
    """Mean |F|² under a Gaussian: fine, noisy frequencies weigh less."""
    height, width = difference.shape[-2:]
    q_square = torch.fft.fftfreq(height)[:, None] ** 2 + torch.fft.rfftfreq(width)[None, :] ** 2
    gauss = torch.exp(-q_square / (2.0 * width_per_px**2))
    spectrum = torch.fft.rfft2(difference, norm="ortho")
    found: Tensor = torch.mean(gauss * spectrum.abs() ** 2)
    return found


def _batch(
    pairs: list[PaperPair], settings: PaperSettings, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Views (batch, 4, crop/2, crop/2) and targets (batch, 1, crop, crop), flipped at random."""
    height, width = pairs[0].target.shape
    side = min(settings.crop_px, height // 2 * 2, width // 2 * 2)
    views, targets = [], []
    for _ in range(settings.batch):
        pair = pairs[int(rng.integers(len(pairs)))]
        top = int(rng.integers(height - side + 1))
        left = int(rng.integers(width - side + 1))
        flips = tuple(axis for axis in (-2, -1) if rng.random() < 0.5)
        place = np.s_[..., top : top + side, left : left + side]
        views.append(np.flip(halved(pair.views[place]), flips))
        targets.append(np.flip(pair.target[None][place], flips))
    return (
        torch.from_numpy(np.ascontiguousarray(views)),
        torch.from_numpy(np.ascontiguousarray(targets)),
    )
