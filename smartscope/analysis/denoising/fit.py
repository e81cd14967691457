"""Teaches a U-Net to foretell one member of a pair from the other. Needs torch.

The noise of the target cannot be foretold, so what is learnt is the picture without it
(Lehtinen et al. 2018). The same seed gives the same network on one machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from smartscope.analysis.denoising.settings import CareSettings
from smartscope.analysis.denoising.unet import UNet
from smartscope.domain.errors import InvalidInput

#: pairs (2, height, width), one noise in both, of any float type
Pairs = Sequence[NDArray[np.floating[Any]]]

_CLIP = 1.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which pair a patch lies."""

    pair: int
    top: int
    left: int


@dataclass(slots=True)
class Fit:
    """A network on its way: what a checkpoint holds."""

    network: UNet
    optimiser: Any
    schedule: Any
    done: int = 0

    @classmethod
    def begin(cls, network: UNet, settings: CareSettings) -> Fit:
        """At the first step; the rate falls by a cosine to nothing at the last."""
        network = network.to(memory_format=torch.channels_last)
        optimiser = torch.optim.Adam(network.parameters(), settings.rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.steps)
        return cls(network, optimiser, schedule)

    def state(self) -> dict[str, Any]:
        """For a file."""
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "done": self.done,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Of a file."""
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.done = int(state["done"])


def fit(
    begun: Fit,
    pairs: Pairs,
    settings: CareSettings,
    *,
    seed: int,
    each_epoch: Callable[[Fit, float], None] = lambda _fit, _left: None,
) -> float:
    """Learn from where `begun` stands to the last step; returns what `signal_left_out` says.

    `each_epoch` is told of the network and that number after every epoch. Raises `InvalidInput`
    where no pair is as large as a patch.
    """
    taught, kept = split_places(pairs, settings, seed)
    network = begun.network
    left = math.nan
    while begun.done < settings.steps:
        network.train()
        batch, weight = _batch(pairs, taught, settings, seed=seed, step=begun.done)
        said = network(batch[:, :1])
        loss = (weight * (said - batch[:, 1:]).square().mean((1, 2, 3))).mean()
        begun.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), _CLIP)
        begun.optimiser.step()
        begun.schedule.step()
        begun.done += 1
        if begun.done % settings.steps_per_epoch == 0 or begun.done == settings.steps:
            network.eval()
            left = signal_left_out(network, pairs, kept, settings)
            each_epoch(begun, left)
    network.eval()
    return left


def signal_left_out(
    network: UNet, pairs: Pairs, places: Sequence[Place], settings: CareSettings
) -> float:
    """|f(E) - S|² over |S|², S the picture without noise, which nobody knows: f² - 2 f O + E O has
    the same mean. 0 is perfect, 1 no better than a grey field; more than 1 is worse.
    """
    error = signal = 0.0
    with torch.no_grad():
        for first in range(0, len(places), settings.batch):
            patches = [_patch(pairs, place, settings) for place in places[first:][: settings.batch]]
            batch = torch.from_numpy(np.array(patches))
            even, odd = batch[:, :1], batch[:, 1:]
            said = network(even)
            shared = (even * odd).mean((1, 2, 3))
            weight = _level(shared) if settings.levelled else torch.ones_like(shared)
            apart = (said * said - 2.0 * said * odd).mean((1, 2, 3)) + shared
            error += float((weight * apart).sum())
            signal += float((weight * shared).sum())
    return error / signal if signal > 0.0 else math.nan


def split_places(
    pairs: Pairs, settings: CareSettings, seed: int
) -> tuple[list[Place], list[Place]]:
    """Places to learn from and places kept apart, drawn over all pairs by their area."""
    side = settings.patch_px
    areas = np.array([max(0, p.shape[1] - side + 1) * max(0, p.shape[2] - side + 1) for p in pairs])
    if len(areas) == 0 or not areas.any():
        raise InvalidInput({"pairs": f"No pair is as large as a patch of {side} pixels a side."})
    random = np.random.default_rng(seed)
    chosen = random.choice(len(pairs), settings.patches, p=areas / areas.sum())
    places = [
        Place(
            int(n),
            int(random.integers(pairs[n].shape[1] - side + 1)),
            int(random.integers(pairs[n].shape[2] - side + 1)),
        )
        for n in chosen
    ]
    kept = max(1, round(settings.validation_share * len(places)))
    return places[kept:], places[:kept]


def _batch(
    pairs: Pairs, places: Sequence[Place], settings: CareSettings, *, seed: int, step: int
) -> tuple[Tensor, Tensor]:
    """Patches (N, 2, side, side), input first, and what each counts (N,)."""
    random = np.random.default_rng((seed, step))
    patches = []
    for number in random.integers(len(places), size=settings.batch):
        patch = _patch(pairs, places[number], settings)
        if settings.turned:
            patch = np.rot90(patch, int(random.integers(4)), axes=(1, 2))
            patch = patch[:: 1 if random.uniform() < 0.5 else -1]
            patch = patch[:, :, :: 1 if random.uniform() < 0.5 else -1]
        patches.append(np.ascontiguousarray(patch))
    batch = torch.from_numpy(np.array(patches))
    shared = (batch[:, 0] * batch[:, 1]).mean((1, 2))
    return batch, _level(shared) if settings.levelled else torch.ones_like(shared)


def _patch(pairs: Pairs, place: Place, settings: CareSettings) -> NDArray[np.float32]:
    rows = slice(place.top, place.top + settings.patch_px)
    columns = slice(place.left, place.left + settings.patch_px)
    return pairs[place.pair][:, rows, columns].astype(np.float32)


def _level(shared: Tensor) -> Tensor:
    """Less for patches with much signal, in units of the noise."""
    return 1.0 / (1.0 + shared.clamp(min=0.0))
