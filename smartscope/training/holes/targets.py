"""What the hole network should answer to a labelled square: four maps at half its resolution."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from skimage.draw import polygon

from smartscope.analysis.networks.hole_input import HoleInput
from smartscope.training.samples import LabelledContaminant, LabelledHole, Pixel

FloatMap = NDArray[np.float32]

#: centre: a bump on each hole; disc: hole; dirt: opaque; opening: inside the bars
MAPS = ("centre", "disc", "dirt", "opening")
#: standard deviation of the bump in map pixels, of which a pitch has ten
BUMP_PX = 1.1
BUMP_REACH_PX = 4
#: what lets less light through than this is dirt
DIRT_BELOW_TRANSMISSION = 0.7
#: holes nobody could see are neither demanded nor forbidden
HIDDEN_DIRT = 0.4
HIDDEN_ICE_NM = 200.0


@dataclass(frozen=True, slots=True)
class HoleTargets:
    """Maps (4, h, w) float32 in 0-1, and where each of them counts, likewise, 0 or 1."""

    maps: FloatMap
    weights: FloatMap


class Labelled(Protocol):
    """What is known of a picture. Dirt and the mesh's opening are None where nobody marked them:
    then those maps do not count.
    """

    @property
    def holes(self) -> tuple[LabelledHole, ...]: ...
    @property
    def contaminants(self) -> tuple[LabelledContaminant, ...] | None: ...
    @property
    def square_polygon_px(self) -> tuple[Pixel, ...] | None: ...


def hole_targets(sample: Labelled, prepared: HoleInput) -> HoleTargets:
    """The maps of `sample` on half the resolution of `prepared`, which was made from it."""
    height, width = (side // 2 for side in prepared.planes.shape[1:])
    maps = np.zeros((len(MAPS), height, width), dtype=np.float32)
    weights = np.ones_like(maps)
    per_px = 0.5 / prepared.scale
    for hole in sample.holes:
        x, y = _on_map(hole.centre_px, prepared)
        semi = (hole.axes_px[0] * per_px, hole.axes_px[1] * per_px)
        _fill_ellipse(maps[1], (x, y), semi, math.radians(hole.angle_deg), 1.0)
        if is_hidden(hole):
            _fill_ellipse(weights[0], (x, y), (semi[0] + 2, semi[0] + 2), 0.0, 0.0)
        else:
            _bump(maps[0], x, y)
    if sample.contaminants is None:
        weights[2] = 0.0
    for dirt in sample.contaminants or ():
        if dirt.transmission < DIRT_BELOW_TRANSMISSION:
            radius = dirt.radius_px * per_px
            _fill_ellipse(maps[2], _on_map(dirt.centre_px, prepared), (radius, radius), 0.0, 1.0)
    if sample.square_polygon_px is None:
        weights[3] = 0.0
        return HoleTargets(maps, weights)
    corners = [_on_map(corner, prepared)[::-1] for corner in sample.square_polygon_px]
    rows, columns = np.array(corners).T
    inside = polygon(rows, columns, (height, width))  # type: ignore[no-untyped-call]
    maps[3][inside] = 1.0
    return HoleTargets(maps, weights)


def is_hidden(hole: LabelledHole) -> bool:
    """True for a hole under dirt, in ice that lets less than half through, or torn open."""
    return hole.dirty > HIDDEN_DIRT or hole.ice_nm > HIDDEN_ICE_NM or hole.fault == "torn"


def _on_map(place_px: tuple[float, float], prepared: HoleInput) -> tuple[float, float]:
    """Image pixels to map pixels: half the plane's, whose pairs share a centre."""
    scale = 2 * prepared.scale
    x, y = ((value - (scale - 1) / 2) / scale for value in place_px)
    return x, y


def _bump(target: FloatMap, x: float, y: float) -> None:
    window = _window(target.shape, x, y, BUMP_REACH_PX)
    if window is None:
        return
    rows, columns = np.mgrid[window]
    bump = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * BUMP_PX**2))
    target[window] = np.maximum(target[window], bump)


def _fill_ellipse(
    target: FloatMap,
    centre: tuple[float, float],
    semi_axes: tuple[float, float],
    angle: float,
    value: float,
) -> None:
    """Set the pixels whose centres lie inside; `angle` (radians) turns the longer axis from +x."""
    (x, y), (long, short) = centre, semi_axes
    window = _window(target.shape, x, y, max(long, short) + 1)
    if window is None or min(long, short) <= 0:
        return
    rows, columns = np.mgrid[window]
    along = (columns - x) * math.cos(angle) + (rows - y) * math.sin(angle)
    across = (rows - y) * math.cos(angle) - (columns - x) * math.sin(angle)
    target[window][(along / long) ** 2 + (across / short) ** 2 <= 1] = value


def _window(shape: tuple[int, ...], x: float, y: float, reach: float) -> tuple[slice, slice] | None:
    left, right = max(0, math.floor(x - reach)), min(shape[1], math.ceil(x + reach) + 1)
    top, bottom = max(0, math.floor(y - reach)), min(shape[0], math.ceil(y + reach) + 1)
    return None if left >= right or top >= bottom else (slice(top, bottom), slice(left, right))
