"""Round blobs in a slab and their projections, by formula, so that no projector judges itself."""

from __future__ import annotations

import math

import numpy as np

WIDTH_PX = 1.6
BLOBS = np.array(
    [
        [12.0, -9.0, 3.0],
        [-14.0, 6.0, -5.0],
        [2.0, 15.0, 6.0],
        [-6.0, -16.0, 0.0],
        [17.0, 12.0, -3.0],
    ]
)


def volume(depth: int, side: int) -> np.ndarray:
    """(depth, side, side) density."""
    axes = [np.arange(n) - (n - 1) / 2 for n in (depth, side, side)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    parts = [
        np.exp(-((x - p[0]) ** 2 + (y - p[1]) ** 2 + (z - p[2]) ** 2) / (2 * WIDTH_PX**2))
        for p in BLOBS
    ]
    return np.asarray(sum(parts), dtype=np.float32)


def picture(
    angle_deg: float,
    side: int,
    *,
    axis_deg: float = 0.0,
    shift_px: tuple[float, float] = (0.0, 0.0),
) -> np.ndarray:
    """Projected density (side, side), the axis turned and the picture moved."""
    angle, axis = math.radians(angle_deg), math.radians(axis_deg)
    u = BLOBS[:, 0] * math.cos(angle) + BLOBS[:, 2] * math.sin(angle)
    v = BLOBS[:, 1]
    centre = (side - 1) / 2
    x = centre + shift_px[0] + math.cos(axis) * u - math.sin(axis) * v
    y = centre + shift_px[1] + math.sin(axis) * u + math.cos(axis) * v
    rows, columns = np.mgrid[:side, :side]
    high = math.sqrt(2 * math.pi) * WIDTH_PX
    parts = [
        high * np.exp(-((columns - a) ** 2 + (rows - b) ** 2) / (2 * WIDTH_PX**2))
        for a, b in zip(x, y, strict=True)
    ]
    return np.asarray(sum(parts), dtype=np.float32)


def counts(
    angles_deg: np.ndarray,
    side: int,
    *,
    axis_deg: float = 0.0,
    shifts_px: np.ndarray | None = None,
    mean: float = 100.0,
    seed: int = 1,
) -> np.ndarray:
    """Poisson counts (tilts, side, side), dark where density is."""
    moves = np.zeros((len(angles_deg), 2)) if shifts_px is None else shifts_px
    rng = np.random.default_rng(seed)
    tilts = [
        rng.poisson(
            mean
            * np.exp(-0.08 * picture(angle, side, axis_deg=axis_deg, shift_px=(move[0], move[1])))
        )
        for angle, move in zip(angles_deg, moves, strict=True)
    ]
    return np.asarray(tilts, dtype=np.float32)
