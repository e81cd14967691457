"""The hole network's maps of one image, and the hole centres, sizes and dirt read from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, signal

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage, Image
from smartscope.analysis.detection.hole_film import peaks
from smartscope.analysis.networks.hole_input import PITCH_PX, HoleInput, hole_input
from smartscope.analysis.networks.network import Network
from smartscope.analysis.networks.tiling import run_tiled

SHRINK = 2
DIVISOR = 16
MAP_PITCH_PX = PITCH_PX / SHRINK
#: below this a summit is not looked at; a bump's logarithm is a parabola above it
FAINTEST = 0.02
SPACING_PITCHES = 0.5
OPENING_ABOVE = 0.5


@dataclass(frozen=True, slots=True)
class HoleMaps:
    """Maps (height, width) in 0-1: `centre` of holes, `disc`, `dirt`, and `opening` of the mesh.

    A pitch is about ten of their pixels. `grey` is the image at the same scale (0 dark, 1 bright).
    """

    centre: FloatImage
    disc: FloatImage
    dirt: FloatImage
    opening: FloatImage
    grey: FloatImage
    prepared: HoleInput

    @property
    def film(self) -> BoolArray:
        """Where a hole's centre may lie: inside the mesh's opening."""
        return self.opening > OPENING_ABOVE

    @property
    def scale(self) -> float:
        """Image pixels per map pixel; a map pixel's centre lies at scale·x + (scale - 1)/2."""
        return SHRINK * self.prepared.scale

    def centres(self, pitch_px: float) -> tuple[FloatArray, FloatArray]:
        """Summits (N, 2) x, y in map pixels and their probabilities (N,)."""
        logarithm = np.log(np.maximum(self.centre, 1e-6) / np.float32(FAINTEST))
        everywhere = np.ones(self.centre.shape, dtype=np.bool_)
        where, heights = peaks(logarithm, everywhere, SPACING_PITCHES * pitch_px)
        return where, np.clip(FAINTEST * np.exp(heights), 0.0, 1.0)

    def radius(self, where: FloatArray, pitch_px: float) -> float:
        """Hole radius in map pixels: the median area of the discs around `where` (N, 2)."""
        areas = _at(_sum_within(self.disc, 0.48 * pitch_px), where)
        return float(np.sqrt(max(float(np.median(areas)), 0.0) / np.pi))

    def dirty(self, where: FloatArray, radius_px: float) -> FloatArray:
        """(N,) the share of each disc that is dirt."""
        area = np.pi * max(radius_px, 0.5) ** 2
        return np.clip(_at(_sum_within(self.dirt, radius_px), where) / area, 0.0, 1.0)


def look(network: Network, image: Image, pitch_px: float) -> HoleMaps | None:
    """What the network sees at a scale at which `pitch_px` image pixels are one pitch.

    `None` where the image is flat at that scale.
    """
    prepared = hole_input(image.pixels, image.imaged, pitch_px)
    if prepared is None or min(prepared.planes.shape[1:]) < 2 * PITCH_PX:
        return None
    maps = run_tiled(network, prepared.planes, shrink=SHRINK, divisor=DIVISOR)
    height, width = maps.shape[1:]
    seen = prepared.imaged[::SHRINK, ::SHRINK][:height, :width]
    plane = prepared.planes[0, : SHRINK * height, : SHRINK * width]
    grey = plane.reshape(height, SHRINK, width, SHRINK).mean(axis=(1, 3))
    centre, disc, dirt, opening = maps * seen
    return HoleMaps(centre, disc, dirt, opening, grey, prepared)


def _sum_within(values: FloatImage, radius_px: float) -> FloatImage:
    """The sum of `values` over a disc around each pixel, its rim counted by the part inside."""
    reach = int(np.ceil(radius_px)) + 1
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = np.clip(radius_px - np.hypot(rows, columns) + 0.5, 0.0, 1.0)
    return np.asarray(signal.fftconvolve(values, kernel, mode="same"), dtype=np.float32)


def _at(values: FloatImage, where: FloatArray) -> FloatArray:
    columns, rows = where.T
    sampled = ndimage.map_coordinates(values, [rows, columns], order=1, mode="nearest")
    return np.asarray(sampled, dtype=np.float64)
