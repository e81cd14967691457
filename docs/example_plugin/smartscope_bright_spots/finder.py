"""Bright discs of the declared diameter: as little as a finder can be and keep the contract."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
from scipy import ndimage

from smartscope.analysis.base import FindContext, Findings, FloatArray, Image
from smartscope.analysis.manifest import Manifest, read_manifest

DIAMETER_WHEN_UNKNOWN_PX = 14.0
#: of the brightest spots' height
HALF = 0.5


class BrightSpotFinder:
    """Maxima of a difference of Gaussians above half the usual height."""

    def __init__(self) -> None:
        self._manifest = read_manifest(files("smartscope_bright_spots") / "bright_spots.toml")

    @property
    def manifest(self) -> Manifest:
        """The card beside this file."""
        return self._manifest

    def find(self, image: Image, context: FindContext) -> Findings:
        """Spots sorted by y, then x; none in a flat or tiny picture."""
        diameter_px = DIAMETER_WHEN_UNKNOWN_PX
        if context.hole_diameter_um is not None:
            diameter_px = context.hole_diameter_um / image.pixel_size_um
        centres, heights = _spots(image, diameter_px / 2)
        radius = np.full(len(centres), diameter_px / 2)
        return Findings(
            positions_px=centres,
            boxes_px=np.column_stack([centres - radius[:, None], centres + radius[:, None]]),
            radii_px=radius,
            scores=heights,
            probabilities=np.ones((len(centres), 1)),
            labels=self._manifest.label_keys(),
            predicted=np.zeros(len(centres), dtype=np.bool_),
            diagnostics={} if len(centres) else {"reason": "no bright spot of that size"},
        )


def _spots(image: Image, radius_px: float) -> tuple[FloatArray, FloatArray]:
    """Centres (N, 2) x, y in px and heights (N,), 1 for the highest."""
    none = np.empty((0, 2)), np.empty(0)
    if min(image.pixels.shape) < 3 * radius_px or np.ptp(image.pixels) == 0:
        return none
    fine = ndimage.gaussian_filter(image.pixels.astype(np.float64), 0.5 * radius_px)
    band = fine - ndimage.gaussian_filter(fine, 1.2 * radius_px)
    size = 2 * round(1.2 * radius_px) + 1
    peak = (band == ndimage.maximum_filter(band, size=size)) & (band > 0) & image.imaged
    rows, columns = np.nonzero(peak)
    if not len(rows):
        return none
    heights = band[rows, columns]
    kept = heights > HALF * np.percentile(heights, 90)
    centres = np.column_stack([columns[kept], rows[kept]]).astype(np.float64)
    return centres, np.clip(heights[kept] / heights.max(), 0.0, 1.0)
