"""Teaches a U-Net one half of a tomogram from the other, then shows it both. Needs torch.

What cannot be foretold is noise, so what is learnt is the volume without it (Lehtinen et al. 2018,
Buchholz et al. 2019). The answer is the mean of what it says of each half.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Final

import numpy as np
import torch
from torch import Tensor

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.denoising.tomogram_settings import TomogramNetwork
from smartscope.analysis.denoising.tomogram_unet import VolumeUNet
from smartscope.domain.errors import InvalidInput

_CLIP: Final = 1.0
_TILE_PX: Final = 96
#: a cut face lacks its surroundings for half the receptive field of three levels
_MARGIN_PX: Final = 24


def taught_and_applied(
    even: FloatImage,
    odd: FloatImage,
    settings: TomogramNetwork,
    *,
    seed: int,
    progress: Callable[[int, int], None],
) -> FloatImage:
    """The mean of both halves' restorations; the same seed, the same volume on one machine.

    Raises `InvalidInput` where the volumes are smaller than a patch, or a patch is not divisible
    by what pooling needs.
    """
    side, divisor = settings.patch_px, 2 ** (len(settings.widths) - 1)
    if min(even.shape) < side or side % divisor:
        raise InvalidInput(
            {
                "patch_px": f"Cubes of {side} voxels do not fit {even.shape}, or {side} is not "
                f"divisible by {divisor}; give another side."
            }
        )
    level, spread = float(even.mean() + odd.mean()) / 2.0, float(even.std() + odd.std()) / 2.0
    pair = np.stack([even, odd])
    pair = (pair - np.float32(level)) / np.float32(spread)
    torch.manual_seed(seed)
    network = VolumeUNet(settings.widths)
    _teach(network, pair, settings, np.random.default_rng(seed), progress)
    with torch.no_grad():
        said = 0.5 * (_applied(network, pair[0], divisor) + _applied(network, pair[1], divisor))
    return np.asarray(said * np.float32(spread) + np.float32(level), dtype=np.float32)


def _teach(
    network: VolumeUNet,
    pair: FloatImage,
    settings: TomogramNetwork,
    rng: np.random.Generator,
    progress: Callable[[int, int], None],
) -> None:
    optimiser = torch.optim.Adam(network.parameters(), settings.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.steps)
    network.train()
    for step in range(settings.steps):
        cubes = torch.from_numpy(
            np.array([_cube(pair, settings, rng) for _ in range(settings.batch)])
        )
        loss = (network(cubes[:, :1]) - cubes[:, 1:]).square().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), _CLIP)
        optimiser.step()
        schedule.step()
        progress(step + 1, settings.steps)
    network.eval()


def _cube(pair: FloatImage, settings: TomogramNetwork, rng: np.random.Generator) -> FloatImage:
    """(2, side, side, side), input first, mirrored at will."""
    side = settings.patch_px
    firsts = [int(rng.integers(length - side + 1)) for length in pair.shape[1:]]
    cube = pair[(slice(None), *(slice(first, first + side) for first in firsts))]
    flips = tuple(axis for axis in range(4) if rng.uniform() < 0.5)
    return np.ascontiguousarray(np.flip(cube, flips))


def _applied(network: VolumeUNet, volume: FloatImage, divisor: int) -> FloatImage:
    """In overlapping tiles that pass into one another, so that memory does not grow."""
    padded = np.pad(volume, [(0, -side % divisor) for side in volume.shape], mode="reflect")
    total, weight = np.zeros_like(padded), np.zeros_like(padded)
    spans = [list(_spans(side, divisor)) for side in padded.shape]
    for place in product(*spans):
        piece = torch.from_numpy(np.ascontiguousarray(padded[place]))[None, None]
        said: Tensor = network(piece)
        windows = [_window(span, side) for span, side in zip(place, padded.shape, strict=True)]
        blend = windows[0][:, None, None] * windows[1][:, None] * windows[2]
        total[place] += blend.astype(np.float32) * said.numpy()[0, 0]
        weight[place] += blend.astype(np.float32)
    total /= weight
    return total[tuple(slice(0, side) for side in volume.shape)]


def _spans(side: int, divisor: int) -> Iterator[slice]:
    step = _TILE_PX - 2 * _MARGIN_PX
    step -= step % divisor
    for first in range(0, max(side - 2 * _MARGIN_PX, 1), step):
        yield slice(first, min(first + _TILE_PX, side))
        if first + _TILE_PX >= side:
            return


def _window(span: slice, side: int) -> FloatArray:
    """1 inside, rising over the margin of a cut face, never 0."""
    window = np.ones(span.stop - span.start)
    ramp = (np.arange(_MARGIN_PX) + 0.5) / _MARGIN_PX
    ramp = 0.5 - 0.5 * np.cos(np.pi * ramp) + 1e-4
    if span.start > 0:
        window[:_MARGIN_PX] = ramp[: len(window)]
    if span.stop < side:
        window[-_MARGIN_PX:] = ramp[::-1][-len(window) :]
    return window
