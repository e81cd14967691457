"""Indicators of how alike the parts of a micrograph are: 16 x 16 tiles, their means and spreads."""

from __future__ import annotations

from typing import Final

import numpy as np

from smartscope.analysis.base import FloatArray

NAMES: Final = (
    "tile_sd",
    "tile_slope",
    "tile_residual",
    "tile_darkest",
    "tile_lower_quartile",
    "tile_upper_quartile",
    "tile_brightest",
    "tile_variance",
    "tile_variance_spread",
    "tile_variance_most",
)
_TILES: Final = 16


def homogeneity_indicators(relative: FloatArray) -> FloatArray:
    """(10,) of an image (height, width), at least 16 px a side, that was divided by its median."""
    means, variances = _tiles(relative)
    y, x = np.mgrid[-1.0 : 1.0 : _TILES * 1j, -1.0 : 1.0 : _TILES * 1j]
    design = np.column_stack([np.ones(_TILES**2), x.ravel(), y.ravel()])
    plane, *_ = np.linalg.lstsq(design, means.ravel(), rcond=None)
    residual = means.ravel() - design @ plane
    log_variance = np.log(variances + 1e-8)
    middle = np.median(log_variance)
    quantiles = np.percentile(means, [0.0, 25.0, 75.0, 100.0]) - np.median(means)
    return np.array(
        [
            np.log(means.std() + 1e-4),
            np.log(np.hypot(plane[1], plane[2]) + 1e-4),
            np.log(residual.std() + 1e-4),
            *quantiles,
            middle,
            log_variance.std(),
            log_variance.max() - middle,
        ],
        dtype=np.float64,
    )


def _tiles(relative: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Means and variances (16, 16); pixels beyond a whole number of tiles are left out."""
    height, width = (side // _TILES * _TILES for side in relative.shape)
    tiles = relative[:height, :width].reshape(_TILES, height // _TILES, _TILES, width // _TILES)
    return tiles.mean(axis=(1, 3)), tiles.var(axis=(1, 3))
