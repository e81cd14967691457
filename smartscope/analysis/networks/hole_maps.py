"""The hole network's maps of one image, and the hole centres, sizes and dirt read from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, signal

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage, Image
from smartscope.analysis.detection.hole_film import peaks, typical_radius
from smartscope.analysis.detection.periodicity import Period, measure_period
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
DISC_ABOVE = 0.5
SMOOTH_PX = 1.0
#: hole radius over pitch: the smallest of any film sold is 0.17
SMALLEST_RADIUS = 0.17
#: pitches looked for, in parts of the pitch assumed
SEARCH = (0.55, 1.8)
#: a film of fewer square pitches has no period to speak of
SMALLEST_FILM = 9.0


@dataclass(frozen=True, slots=True)
class HoleMaps:
    """Maps (height, width) in 0-1: `centre` of holes, `disc`, `dirt`, and `opening` of the mesh.

    A pitch is about ten of their pixels, and twenty of the pixels of `prepared`, from which they
    were made and in which everything below is given.
    """

    centre: FloatImage
    disc: FloatImage
    dirt: FloatImage
    opening: FloatImage
    prepared: HoleInput

    def centres(self, pitch_px: float) -> tuple[FloatArray, FloatArray]:
        """Summits (N, 2) x, y and their probabilities (N,)."""
        logarithm = np.log(np.maximum(self.centre, 1e-6) / np.float32(FAINTEST))
        everywhere = np.ones(self.centre.shape, dtype=np.bool_)
        where, heights = peaks(logarithm, everywhere, SPACING_PITCHES * pitch_px / SHRINK)
        return _full(where), np.clip(FAINTEST * np.exp(heights), 0.0, 1.0)

    def period(self) -> Period | None:
        """The period of the centres seen, which dirt, ice and grey do not disturb."""
        film = self.opening > OPENING_ABOVE
        if film.sum() < SMALLEST_FILM * MAP_PITCH_PX**2:
            return None
        found = measure_period(
            self.centre,
            film,
            shortest_px=SEARCH[0] * MAP_PITCH_PX,
            longest_px=SEARCH[1] * MAP_PITCH_PX,
        )
        return found and Period(SHRINK * found.basis_px, found.strength_sd)

    def radius(self, where: FloatArray, strengths: FloatArray, pitch_px: float) -> float:
        """Hole radius: half way from grey at the centres to the film's, by the clearest holes.

        The discs' area says where to look for it; alone it is short where contrast is low.
        """
        clear = where[strengths >= np.median(strengths)]
        discs = (self.disc > DISC_ABOVE).astype(np.float32)
        areas = _at(_sum_within(discs, 0.48 * pitch_px / SHRINK), clear)
        by_area = SHRINK * float(np.sqrt(max(float(np.median(areas)), 0.0) / np.pi))
        likely = max(by_area, SMALLEST_RADIUS * pitch_px)
        return typical_radius(self.prepared.planes[1], self.film(), pitch_px, likely)

    def dirty(self, where: FloatArray, radius_px: float) -> FloatArray:
        """(N,) the share of each disc that is dirt."""
        radius = max(radius_px / SHRINK, 0.5)
        return np.clip(_at(_sum_within(self.dirt, radius), where) / (np.pi * radius**2), 0.0, 1.0)

    def film(self) -> BoolArray:
        """(height, width) of `prepared`: inside the mesh's opening."""
        height, width = self.prepared.imaged.shape
        rows, columns = (np.arange(side) / SHRINK - 0.25 for side in (height, width))
        fine = ndimage.map_coordinates(
            self.opening, np.meshgrid(rows, columns, indexing="ij"), order=1, mode="nearest"
        )
        return np.asarray((fine > OPENING_ABOVE) & self.prepared.imaged)

    def grey(self) -> FloatImage:
        """(height, width) of `prepared`: smoothed grey, 0 at the bars."""
        return np.asarray(ndimage.gaussian_filter(self.prepared.planes[0], SMOOTH_PX))


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
    centre, disc, dirt, opening = maps * seen
    return HoleMaps(centre, disc, dirt, opening, prepared)


def _full(where: FloatArray) -> FloatArray:
    """Positions on the maps as positions in `prepared`, whose pixels they join in pairs."""
    return where * SHRINK + (SHRINK - 1) / 2


def _sum_within(values: FloatImage, radius_px: float) -> FloatImage:
    """The sum of `values` over a disc around each pixel, its rim counted by the part inside."""
    reach = int(np.ceil(radius_px)) + 1
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = np.clip(radius_px - np.hypot(rows, columns) + 0.5, 0.0, 1.0)
    return np.asarray(signal.fftconvolve(values, kernel, mode="same"), dtype=np.float32)


def _at(values: FloatImage, where: FloatArray) -> FloatArray:
    """(N,) values of a map at positions (N, 2) of `prepared`."""
    columns, rows = ((where - (SHRINK - 1) / 2) / SHRINK).T
    sampled = ndimage.map_coordinates(values, [rows, columns], order=1, mode="nearest")
    return np.asarray(sampled, dtype=np.float64)
