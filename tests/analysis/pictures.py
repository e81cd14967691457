"""Small drawn pictures of grids and films with known places, for tests that need no simulator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from smartscope.analysis.base import FindContext, Image, Level
from smartscope.domain.geometry import Affine, Point

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Drawn:
    """An image, what the service would know of it, and the true centres (N, 2) in pixels."""

    image: Image
    context: FindContext
    truth: FloatArray


def centred(width: int, height: int, pixel_um: float) -> Affine:
    """An unrotated map with the image's middle at the stage's origin."""
    return Affine.scaled(pixel_um, Point(0.0, 0.0), width, height)


def nodes(
    shape: tuple[int, int], pitch: float, *, angle_deg: float = 0.0, between_deg: float = 90.0
) -> FloatArray:
    """Lattice nodes (N, 2) round the middle of a picture (height, width), some beyond its
    border.
    """
    height, width = shape
    turn = np.deg2rad([angle_deg, angle_deg + between_deg])
    basis = pitch * np.column_stack([np.cos(turn), np.sin(turn)])
    reach = int(np.hypot(height, width) / pitch) + 2
    i, j = np.meshgrid(np.arange(-reach, reach + 1), np.arange(-reach, reach + 1))
    points = np.column_stack([i.ravel(), j.ravel()]) @ basis + [width / 2, height / 2]
    near = (points > -pitch).all(axis=1) & (points < [width + pitch, height + pitch]).all(axis=1)
    return np.asarray(points[near])


def draw_atlas(
    *,
    shape: tuple[int, int] = (400, 500),
    pitch: float = 60.0,
    opening: float = 42.0,
    angle_deg: float = 14.0,
    leave_out: int = 0,
    noise: float = 0.03,
    seed: int = 0,
) -> Drawn:
    """Bright squares on dark bars; the first `leave_out` whole squares are opaque."""
    truth = nodes(shape, pitch, angle_deg=angle_deg)
    height, width = shape
    margin = 0.8 * opening
    whole = (truth > margin).all(axis=1) & (truth < [width - margin, height - margin]).all(axis=1)
    opaque = np.flatnonzero(whole)[:leave_out]
    rows, columns = np.mgrid[:height, :width]
    picture = np.full(shape, 0.03)
    turn = np.deg2rad(angle_deg)  # openings lie as their lattice does
    for number, (x, y) in enumerate(truth):
        u = (columns - x) * np.cos(turn) + (rows - y) * np.sin(turn)
        v = -(columns - x) * np.sin(turn) + (rows - y) * np.cos(turn)
        if number not in opaque:
            inside = np.clip(opening / 2 - np.maximum(abs(u), abs(v)) + 0.5, 0, 1)
            picture = np.maximum(picture, 0.8 * inside)
    random = np.random.default_rng(seed)
    counts = 1000 * picture + 1000 * noise * random.normal(size=shape)
    image = Image.from_array(counts, level=Level.ATLAS, to_stage=centred(width, height, 1.0))
    kept = np.delete(truth, opaque, axis=0)
    context = FindContext(mesh_opening_um=opening, mesh_bar_um=pitch - opening)
    return Drawn(image, context, kept)


def draw_film(
    *,
    shape: tuple[int, int] = (420, 420),
    pitch: float = 30.0,
    radius: float = 7.0,
    angle_deg: float = 21.0,
    between_deg: float = 90.0,
    hole: float = 0.9,
    film: float = 0.75,
    foil: str = "carbon",
    dark_every: int = 0,
    break_px: float = 0.0,
    noise: float = 0.05,
    seed: int = 0,
    edge: int = 30,
) -> Drawn:
    """Holes on a film inside a bright square; every n-th hole as dark as the film around it.

    `break_px` moves everything in the right half down, as a stitching break does. The dark bars
    are `edge` px wide.
    """
    height, width = shape
    rows, columns = np.mgrid[:height, :width]
    truth = nodes(shape, pitch, angle_deg=angle_deg, between_deg=between_deg)
    truth[truth[:, 0] > width / 2, 1] += break_px
    near_break = abs(truth[:, 0] - width / 2) < radius
    truth = truth[~near_break] if break_px else truth
    on_foil = (truth > edge + radius).all(axis=1)
    on_foil &= (truth < [width - edge - radius, height - edge - radius]).all(axis=1)
    truth = truth[on_foil]
    picture = np.where(
        (rows >= edge) & (columns >= edge) & (rows < height - edge) & (columns < width - edge),
        film,
        0.02,
    )
    for number, (x, y) in enumerate(truth):
        if dark_every and number % dark_every == 0:
            continue
        coverage = np.clip(radius - np.hypot(columns - x, rows - y) + 0.5, 0, 1)
        picture = np.where(coverage > 0, picture + coverage * (hole - picture), picture)
    picture = ndimage.gaussian_filter(picture, 0.7)
    random = np.random.default_rng(seed)
    counts = 1000 * picture + 1000 * noise * np.sqrt(picture) * random.normal(size=shape)
    pixel = 0.08
    image = Image.from_array(counts, level=Level.SQUARE, to_stage=centred(width, height, pixel))
    context = FindContext(
        hole_diameter_um=2 * radius * pixel, hole_pitch_um=pitch * pixel, foil=foil
    )
    return Drawn(image, context, truth)


def recall(found: FloatArray, truth: FloatArray, within: float) -> float:
    """The share of true places with something found no farther than `within`."""
    if len(found) == 0:
        return 0.0
    apart = np.linalg.norm(truth[:, None] - found[None, :], axis=2).min(axis=1)
    return float((apart <= within).mean())
