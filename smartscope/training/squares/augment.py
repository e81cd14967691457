"""Random views of square crops: turned, mirrored, moved, scaled, with other grey and noise.

Needs torch; imported by trainers only.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from smartscope.analysis.networks.square_crops import CROP_PX, GREY_RANGE
from smartscope.training.squares.examples import WIDE_PX, Examples

#: Without a lattice the crop's axes are the image's, so some crops are turned at will.
TURNED_SHARE = 0.15
MESH_ANGLE_SD_DEG = 2.0
SCALE_SD = 0.05
SHIFT_SD_PX = 2.0
GAIN_SD = 0.06
OFFSET_SD = 0.02
NOISE_SHARE = 0.3
LARGEST_NOISE = 0.12


def as_batch(examples: Examples) -> tuple[Tensor, Tensor, Tensor]:
    """The middle of each crop (N, 2, 112, 112), features (N, F), labels (N,), nothing changed."""
    crops = _both_channels(examples)
    rim = (WIDE_PX - CROP_PX) // 2
    middle = crops[:, :, rim : rim + CROP_PX, rim : rim + CROP_PX].contiguous()
    return middle, torch.from_numpy(examples.features), torch.from_numpy(examples.labels)


def random_views(examples: Examples, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """As `as_batch`, each crop seen in its own random way; the same for the same seed."""
    random = torch.Generator().manual_seed(seed)
    crops = _both_channels(examples)
    count = len(crops)
    shape = [count, 2, CROP_PX, CROP_PX]
    grid = functional.affine_grid(_maps(count, random), shape, align_corners=False)
    seen = functional.grid_sample(crops, grid, padding_mode="border", align_corners=False)
    grey, imaged = seen[:, :1], seen[:, 1:]
    gain = 1 + GAIN_SD * torch.randn(count, 1, 1, 1, generator=random)
    offset = OFFSET_SD * torch.randn(count, 1, 1, 1, generator=random)
    noisy = torch.rand(count, 1, 1, 1, generator=random) < NOISE_SHARE
    level = LARGEST_NOISE * torch.rand(count, 1, 1, 1, generator=random) * noisy
    grey = gain * grey + offset + level * torch.randn(grey.shape, generator=random)
    grey = grey.clamp(*GREY_RANGE) * imaged
    return (
        torch.cat([grey, imaged], 1),
        torch.from_numpy(examples.features),
        torch.from_numpy(examples.labels),
    )


def _both_channels(examples: Examples) -> Tensor:
    low, high = GREY_RANGE
    grey = examples.grey.astype(np.float32) / 255 * (high - low) + low
    imaged = examples.imaged.astype(np.float32) / 255
    return torch.from_numpy(np.stack([grey * imaged, imaged], axis=1))


def _maps(count: int, random: torch.Generator) -> Tensor:
    """(N, 2, 3) maps from the view's to the wide crop's normalised coordinates."""
    anyhow = torch.rand(count, generator=random) < TURNED_SHARE
    small = math.radians(MESH_ANGLE_SD_DEG) * torch.randn(count, generator=random)
    quarter = torch.randint(0, 4, (count,), generator=random) * (math.pi / 2)
    free = 2 * math.pi * torch.rand(count, generator=random)
    angle = torch.where(anyhow, free, quarter + small)
    scale = torch.exp(SCALE_SD * torch.randn(count, generator=random)) * (CROP_PX / WIDE_PX)
    mirror = torch.randint(0, 2, (count,), generator=random) * 2.0 - 1.0
    shift = SHIFT_SD_PX * 2 / WIDE_PX * torch.randn(count, 2, generator=random)
    cosine, sine = scale * torch.cos(angle), scale * torch.sin(angle)
    rows = torch.stack(
        [mirror * cosine, -sine, shift[:, 0], mirror * sine, cosine, shift[:, 1]], dim=1
    )
    return rows.reshape(count, 2, 3)
