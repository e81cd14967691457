"""An atlas taken apart before its squares are judged: specks of dirt, film, thin bright lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft, ndimage

from smartscope.analysis.base import BoolArray, FloatImage
from smartscope.analysis.detection.flatten import binned

SMOOTH_UM = 0.75
#: Dirt is narrower than this; lenses of ice, thick edges and the bars of the mesh are wider.
SPECK_UM = 9.0
#: Cracks are narrower than this.
CRACK_UM = 7.0
SPECK_OF_GROUND = 0.75
CALM_UM = 1.5
#: Lines are looked for this far from bars and specks, whose own edges are none.
LINE_EDGE_UM = 1.5
VACUUM_PERCENTILE = 99.8
LARGEST_CONTRAST = 1.0
LINE_WIDTH_PX = 1.1
LINE_LENGTH_PX = 4.5
LINE_DIRECTIONS = 8
LINE_REACH_PX = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class SquarePictures:
    """Pictures (height, width) of one atlas, each 0 where it is dark.

    `ground`: the film's level everywhere, without specks and thin bright things. `smooth`: grey
    over that level, 1 on plain film. `calm`: grey without specks, blurred by 1.5 µm. `fine` and
    `coarse`: how strongly a thin line stands out, one and two pixels wide; the latter has half the
    size. `vacuum`: the brightest level of the atlas.
    """

    ground: FloatImage
    smooth: FloatImage
    calm: FloatImage
    fine: FloatImage
    coarse: FloatImage
    vacuum: float


def square_pictures(grey: FloatImage, open_area: BoolArray, pixel_um: float) -> SquarePictures:
    """Prepare a scaled picture (0 dark, 1 bright) whose openings are `open_area`."""
    blurred = ndimage.gaussian_filter(grey, SMOOTH_UM / pixel_um, truncate=3.0)
    ground = _ground(blurred, pixel_um)
    bias = float(np.median((blurred[open_area] / ground[open_area])[::7]))
    ground *= np.float32(bias)
    smooth = blurred / ground
    clean = open_area & (smooth > SPECK_OF_GROUND)
    calm = ndimage.gaussian_filter(np.where(clean, grey, ground), CALM_UM / pixel_um, truncate=3.0)
    edge = 2 * round(LINE_EDGE_UM / pixel_um) + 1
    plain = ndimage.minimum_filter(clean.astype(np.uint8), edge).astype(np.bool_)
    contrast = np.where(plain, np.minimum(grey / ground - 1, LARGEST_CONTRAST), 0.0)
    flat = (contrast * np.sqrt(ground)).astype(np.float32)
    half, _ = binned(flat, np.ones(flat.shape, dtype=np.bool_), 2)
    return SquarePictures(
        ground=ground,
        smooth=smooth,
        calm=calm,
        fine=strongest_line(flat),
        coarse=strongest_line(half),
        vacuum=max(float(np.percentile(calm[open_area], VACUUM_PERCENTILE)), 1e-6),
    )


def _ground(blurred: FloatImage, pixel_um: float) -> FloatImage:
    """Dark things narrower than 9 µm filled, then bright things narrower than 7 µm taken away."""
    speck, crack = (max(3, round(size / pixel_um)) for size in (SPECK_UM, CRACK_UM))
    closed = ndimage.grey_closing(blurred, size=(speck, speck))
    opened = ndimage.grey_opening(closed, size=(crack, crack))
    return np.maximum(ndimage.gaussian_filter(opened, CALM_UM / pixel_um / 2), np.float32(1e-3))


def strongest_line(flat: FloatImage) -> FloatImage:
    """The largest response over eight directions to a bright line on a darker ground.

    The profile across is a second derivative of a Gaussian and sees no slope; along the line the
    kernel averages. Its squares sum to 1, so white noise keeps its standard deviation.
    """
    shape = [fft.next_fast_len(side + LINE_REACH_PX, real=True) for side in flat.shape]
    spectrum = fft.rfft2(flat.astype(np.float32), shape)
    best = np.full(flat.shape, -np.inf, dtype=np.float32)
    for direction in range(LINE_DIRECTIONS):
        kernel = np.zeros(shape, dtype=np.float32)
        line = _line(np.pi * direction / LINE_DIRECTIONS)
        kernel[: line.shape[0], : line.shape[1]] = line
        kernel = np.roll(kernel, (-LINE_REACH_PX, -LINE_REACH_PX), (0, 1))
        response = fft.irfft2(spectrum * fft.rfft2(kernel), shape)
        np.maximum(best, response[: flat.shape[0], : flat.shape[1]], out=best)
    return best


def _line(angle_rad: float) -> FloatImage:
    y, x = np.mgrid[-LINE_REACH_PX : LINE_REACH_PX + 1, -LINE_REACH_PX : LINE_REACH_PX + 1]
    along = x * np.cos(angle_rad) + y * np.sin(angle_rad)
    across = (y * np.cos(angle_rad) - x * np.sin(angle_rad)) / LINE_WIDTH_PX
    kernel = (1 - across**2) * np.exp(-(across**2) / 2 - (along / LINE_LENGTH_PX) ** 2 / 2)
    kernel -= kernel.mean()
    return np.asarray(kernel / np.sqrt((kernel**2).sum()), dtype=np.float32)
