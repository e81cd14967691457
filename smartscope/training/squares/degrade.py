"""Poorer versions of a labelled atlas: coarser pixels and saturated grey, as viewers export them.

It changes how an atlas was recorded, never what is on the grid.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from smartscope.analysis.base import FloatArray, Image
from smartscope.domain.geometry import Affine

#: Mesh pitch of a coarse atlas, px: below the range of the renderer, down to a screen thumbnail.
COARSE_PITCH_PX = (15.0, 45.0)
COARSE_SHARE = 0.6
SATURATED_SHARE = 0.4
#: Grey that becomes white, as a quantile of the brighter half of the picture.
SATURATION_QUANTILE = (0.5, 0.98)
GAMMA = (0.7, 1.4)
ANTIALIAS_SD = 0.45


@dataclass(frozen=True, slots=True)
class Poorer:
    """A degraded image; its pixels follow from the original's by new = (old + ½)/factor - ½."""

    image: Image
    factor: float

    def moved(self, positions_px: FloatArray) -> FloatArray:
        """Positions (N, 2) of the original in pixels of the degraded image."""
        return (positions_px + 0.5) / self.factor - 0.5


def degraded(image: Image, pitch_px: float, random: np.random.Generator) -> Poorer:
    """A random poorer version of `image`, whose mesh has this pitch; the generator decides all."""
    poorer = Poorer(image, 1.0)
    if random.random() < COARSE_SHARE:
        wanted = np.exp(random.uniform(*np.log(COARSE_PITCH_PX)))
        poorer = coarsened(image, max(1.0, pitch_px / wanted))
    pixels = poorer.image.pixels
    if random.random() < SATURATED_SHARE:
        bright = pixels[poorer.image.imaged]
        bright = bright[bright > np.median(bright)] if bright.size else bright
        if bright.size:
            pixels = np.minimum(pixels, np.quantile(bright, random.uniform(*SATURATION_QUANTILE)))
    low, high = float(pixels.min()), float(pixels.max())
    if high > low:
        gamma = np.exp(random.uniform(*np.log(GAMMA)))
        pixels = ((pixels - low) / (high - low)) ** gamma
    return replace(poorer, image=replace(poorer.image, pixels=pixels.astype(np.float32)))


def coarsened(image: Image, factor: float) -> Poorer:
    """The image on pixels `factor` (at least 1, not whole) times larger, antialiased."""
    height, width = (max(8, int(side / factor)) for side in image.pixels.shape)
    rows = (np.arange(height) + 0.5) * factor - 0.5
    columns = (np.arange(width) + 0.5) * factor - 0.5
    places = np.meshgrid(rows, columns, indexing="ij")
    smooth = ndimage.gaussian_filter(image.pixels, ANTIALIAS_SD * factor)
    pixels = ndimage.map_coordinates(smooth, places, order=1, mode="nearest")
    mask = ndimage.map_coordinates(image.imaged.astype(np.float32), places, order=1, mode="nearest")
    m = image.to_stage
    shift = factor / 2 - 0.5
    to_stage = Affine(
        m.a * factor,
        m.b * factor,
        m.tx + (m.a + m.b) * shift,
        m.c * factor,
        m.d * factor,
        m.ty + (m.c + m.d) * shift,
    )
    coarse = Image(pixels.astype(np.float32), image.level, to_stage, image.tilt_deg, mask > 0.5)
    return Poorer(coarse, factor)
