"""Draws dirt into a transmission image: stamps for what a few pixels hold, shaped windows for the
rest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartscope.domain.geometry import Affine
from smartscope.microscope.simulator.specimen.contamination import Dirt
from smartscope.microscope.simulator.specimen.hashing import Channel, uniform
from smartscope.microscope.simulator.specimen.noise import smooth
from smartscope.microscope.simulator.specimen.values import ContaminantKind

STAMP_BELOW_PX = 2.5
NEGLECT_BELOW_PX = 0.35
_STAMP = 10

FloatImage = NDArray[np.float32]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DirtCanvas:
    """Arrays that dirt is drawn into (changed in place), with the patch's geometry and ice's λ."""

    transmission: FloatImage
    contaminant_nm: FloatImage
    affine: Affine
    pixel_size_um: float
    ice_lambda_nm: float
    seed: int


def draw_dirt(canvas: DirtCanvas, dirt: Dirt, x_px: Floats, y_px: Floats) -> None:
    """Multiplies the canvas by the dirt's transmission; (x_px, y_px) are the particles' pixels."""
    radius_px = dirt.radius_um / canvas.pixel_size_um
    small = radius_px < STAMP_BELOW_PX
    if small.any():
        _stamp(canvas, dirt.chosen(small), x_px[small], y_px[small])
    for n in np.flatnonzero(~small):
        _draw_one(canvas, dirt, int(n), float(x_px[n]), float(y_px[n]))


def _stamp(canvas: DirtCanvas, dirt: Dirt, x_px: Floats, y_px: Floats) -> None:
    """Gaussians of the disc's area and variance, all at once; what is lost adds up, at most to
    black.
    """
    height, width = canvas.transmission.shape
    radius_px = dirt.radius_um / canvas.pixel_size_um
    variance = radius_px**2 / 4 + 1 / 12 + 0.1
    x0, y0 = np.floor(x_px).astype(np.int64) - 4, np.floor(y_px).astype(np.int64) - 4
    steps = np.arange(_STAMP)
    columns, rows = x0[:, None] + steps, y0[:, None] + steps
    wx = np.exp(-((columns - x_px[:, None]) ** 2) / (2 * variance[:, None]))
    wy = np.exp(-((rows - y_px[:, None]) ** 2) / (2 * variance[:, None]))
    wx *= (columns >= 0) & (columns < width)
    wy *= (rows >= 0) & (rows < height)
    area = np.pi * radius_px**2 / (2 * np.pi * variance)
    weight = area[:, None, None] * wy[:, :, None] * wx[:, None, :]
    flat = (np.clip(rows, 0, height - 1) * width)[:, :, None] + np.clip(columns, 0, width - 1)[
        :, None, :
    ]
    stopped = 1.0 - np.exp(-dirt.ice_equivalent_nm / canvas.ice_lambda_nm)
    for image, amount in ((None, stopped), (canvas.contaminant_nm, dirt.ice_equivalent_nm)):
        added = np.bincount(
            flat.ravel(), (amount[:, None, None] * weight).ravel(), minlength=height * width
        ).reshape(height, width)
        if image is None:
            canvas.transmission[...] *= np.clip(1.0 - added, 0.0, 1.0).astype(np.float32)
        else:
            image += added.astype(np.float32)


def _draw_one(canvas: DirtCanvas, dirt: Dirt, n: int, x_px: float, y_px: float) -> None:
    height, width = canvas.transmission.shape
    px = canvas.pixel_size_um
    reach = 1.5 * dirt.radius_um[n] / px + 1.0
    x0, x1 = max(0, math.floor(x_px - reach)), min(width, math.ceil(x_px + reach) + 1)
    y0, y1 = max(0, math.floor(y_px - reach)), min(height, math.ceil(y_px + reach) + 1)
    if x0 >= x1 or y0 >= y1:
        return
    across, down = (np.arange(x0, x1) - x_px)[None, :], (np.arange(y0, y1) - y_px)[:, None]
    # Shapes are turned on the stage, so that they stay put when the image is rotated.
    dx = canvas.affine.a * across + canvas.affine.b * down
    dy = canvas.affine.c * across + canvas.affine.d * down
    edge_um, relative = _shape(canvas.seed, dirt, n, dx, dy)
    coverage = np.clip(edge_um / px + 0.5, 0.0, 1.0)
    thickness = dirt.ice_equivalent_nm[n] * relative
    stopped = coverage * (1.0 - np.exp(-thickness / canvas.ice_lambda_nm))
    window = (slice(y0, y1), slice(x0, x1))
    canvas.transmission[window] *= (1.0 - stopped).astype(np.float32)
    canvas.contaminant_nm[window] += (coverage * thickness).astype(np.float32)


def _shape(seed: int, dirt: Dirt, n: int, dx: Floats, dy: Floats) -> tuple[Floats, Floats]:
    """Distance inside the outline (µm) and thickness relative to the particle's, on a window."""
    angle, radius = dirt.angle_rad[n], dirt.radius_um[n]
    u = math.cos(angle) * dx + math.sin(angle) * dy
    v = math.cos(angle) * dy - math.sin(angle) * dx
    squeeze = 1.0 - dirt.ellipticity[n]
    if dirt.kind.kind is ContaminantKind.HEXAGONAL:
        return _hexagon(u, v / squeeze, float(radius))
    r = np.hypot(u, v / squeeze)
    if dirt.kind.kind is ContaminantKind.SPECK:
        return radius - r, 1.27 * np.sqrt(np.clip(1.0 - (r / radius) ** 2, 0.0, 1.0))
    phase = (
        2
        * np.pi
        * uniform(
            seed,
            Channel.DIRT_SHAPE,
            dirt.cell_x[n],
            dirt.cell_y[n],
            64 * dirt.k[n] + 40 + np.arange(4),
        )
    )
    turn = np.arctan2(v, u)
    wobble = 1.0 + sum(
        strength * np.cos(order * turn + phase[m])
        for m, (order, strength) in enumerate(((3, 0.16), (5, 0.10), (6, 0.08), (11, 0.04)))
    )
    outline = radius * wobble
    if dirt.kind.kind is ContaminantKind.FROST:
        return outline - r, np.sqrt(np.clip(1.0 - 0.8 * (r / outline) ** 2, 0.05, 1.0))
    grains = smooth(seed, Channel.CRYSTAL_GRAIN, dirt.x_um[n] + dx, dirt.y_um[n] + dy, 0.12)
    return outline - r, np.clip(0.8 + 0.5 * grains, 0.0, 2.5)


def _hexagon(u: Floats, v: Floats, radius: float) -> tuple[Floats, Floats]:
    """A plate with straight facets; bend contours run across it as stripes of more and less
    scattering.
    """
    facets = [
        np.abs(math.cos(t) * u + math.sin(t) * v) for t in (0.0, math.pi / 3, 2 * math.pi / 3)
    ]
    edge = 0.93 * radius - np.maximum(np.maximum(facets[0], facets[1]), facets[2])
    contours = 0.85 + 0.3 * np.sin(2 * np.pi * (u + 0.4 * v * v / radius) / (0.55 * radius))
    return edge, contours
