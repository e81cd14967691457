"""Crystalline ice in a micrograph: grains of 50 to 200 nm, each with lattice fringes of its own.

The strongest reflections of hexagonal ice lie at 3.90, 3.67 and 3.44 Å; contrast of grains and the
strength of fringes are assumed. There is no vitreous ring where the ice has crystallised.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from smartscope.domain.geometry import Affine
from smartscope.microscope.simulator.specimen.hashing import Channel, uniform
from smartscope.microscope.simulator.specimen.values import (
    Box,
    Contaminant,
    ContaminantKind,
    Hole,
    HoleFault,
)

SPACINGS_ANGSTROM = (3.90, 3.67, 3.44)
GRAIN_UM = 0.1
#: a grain at most absorbs this share more than its neighbours, and fringes have this phase
SHADING = 0.25
FRINGE_RAD = 0.12
#: fringes finer than this many pixels cannot be drawn
FINEST_FRINGE_PX = 2.2

FloatImage = NDArray[np.float32]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CrystallineIce:
    """Arrays (height, width): where ice is crystalline (0 to 1), the fringes' phase in radians,
    and what grains let through.
    """

    coverage: FloatImage
    phase: FloatImage
    transmission: FloatImage


def crystalline_ice(
    holes: Iterable[Hole],
    contaminants: Iterable[Contaminant],
    affine: Affine,
    shape: tuple[int, int],
    seed: int,
) -> CrystallineIce | None:
    """The crystals in a field of (height, width) pixels; None where ice is vitreous throughout."""
    discs = [
        (hole.stage_x_um, hole.stage_y_um, hole.diameter_um / 2)
        for hole in holes
        if hole.visible and hole.fault is HoleFault.CRYSTALLINE
    ]
    discs += [
        (dirt.stage_x_um, dirt.stage_y_um, dirt.radius_um)
        for dirt in contaminants
        if dirt.kind is ContaminantKind.CRYSTALLINE_PATCH
    ]
    columns, rows = np.arange(shape[1], dtype=np.float64), np.arange(shape[0], dtype=np.float64)
    x = affine.a * columns[None, :] + affine.b * rows[:, None] + affine.tx
    y = affine.c * columns[None, :] + affine.d * rows[:, None] + affine.ty
    coverage = np.zeros(shape, dtype=np.float32)
    for centre_x, centre_y, radius in discs:
        coverage[np.hypot(x - centre_x, y - centre_y) <= radius] = 1.0
    if not coverage.any():
        return None
    grain = _grains(x, y, seed)
    shading = uniform(seed, Channel.CRYSTAL_FRINGE, grain[..., 0], grain[..., 1], 0)
    return CrystallineIce(
        coverage=coverage,
        phase=coverage * _fringes(x, y, grain, seed, 1e4 * affine.pixel_size_um()),
        transmission=(1.0 - coverage * SHADING * shading).astype(np.float32),
    )


def field_box(affine: Affine, shape: tuple[int, int]) -> Box:
    """Where holes and patches that reach into the field may have their centres."""
    return Box.of_image(affine, shape).grown(2.0)


def _grains(x_um: Floats, y_um: Floats, seed: int) -> NDArray[np.int64]:
    """(height, width, 2): the cell whose hashed point lies nearest."""
    first = np.floor(np.array([x_um.min(), y_um.min()]) / GRAIN_UM).astype(np.int64) - 2
    last = np.floor(np.array([x_um.max(), y_um.max()]) / GRAIN_UM).astype(np.int64) + 3
    cells = np.stack(
        np.meshgrid(*(np.arange(a, b) for a, b in zip(first, last, strict=True)), indexing="ij"), -1
    ).reshape(-1, 2)
    jitter = np.stack(
        [uniform(seed, Channel.CRYSTAL_FRINGE, cells[:, 0], cells[:, 1], n) for n in (1, 2)], -1
    )
    _, nearest = cKDTree((cells + jitter) * GRAIN_UM).query(np.stack([x_um, y_um], -1))
    grain: NDArray[np.int64] = cells[nearest]
    return grain


def _fringes(
    x_um: Floats, y_um: Floats, grain: NDArray[np.int64], seed: int, pixel_angstrom: float
) -> FloatImage:
    total = np.zeros(x_um.shape, dtype=np.float32)
    a, b = grain[..., 0], grain[..., 1]
    for number, spacing in enumerate(SPACINGS_ANGSTROM):
        if spacing < FINEST_FRINGE_PX * pixel_angstrom:
            continue
        draw = [uniform(seed, Channel.CRYSTAL_FRINGE, a, b, 3 + 3 * number + n) for n in range(3)]
        angle = 2.0 * math.pi * draw[0]
        along = 1e4 * (x_um * np.cos(angle) + y_um * np.sin(angle))
        # a grain shows a reflection only when it happens to lie right: about every other one
        shown = FRINGE_RAD * np.clip(2.0 * draw[2] - 1.0, 0.0, 1.0)
        total += (shown * np.cos(2.0 * math.pi * (along / spacing + draw[1]))).astype(np.float32)
    return total
