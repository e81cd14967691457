"""What one grid square looks like, in a few numbers that a small classifier can judge."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np
from scipy import ndimage

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage
from smartscope.analysis.detection.flatten import masked_blur
from smartscope.analysis.detection.openings import Openings, Region

DARK_OF_MEDIAN = 0.6
OPAQUE = 0.33
BRIGHT_OF_LOCAL = 1.08
LOCAL_SIDES = 0.15
VACUUM_OF_BRIGHTEST = 0.95
SMALLEST_FRACTION = 0.002
#: dark, opaque, bright and vacuum: a crack is half a percent of a square
LOGARITHMIC = slice(3, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class SquareFeatures:
    """Fractions (0-1) of the whole opening unless stated.

    `inside`: lies in the image. `fill`: seen open. `brightness`: median of the open part, 1 is the
    atlas's brightest level. `dark`: below half of that median within the seen outline. `bright`:
    more than 10 % above it (cracks and holes in the foil). `vacuum`: as bright as anything in the
    atlas. `softness`: part of the open area whose edge is gradual. `spread`: robust relative sd of
    grey.
    """

    inside: float
    fill: float
    brightness: float
    dark: float
    opaque: float
    bright: float
    vacuum: float
    softness: float
    spread: float

    def vector(self) -> FloatArray:
        """The numbers in the order of the fields; small fractions as logarithms."""
        numbers = np.array(astuple(self), dtype=np.float64)
        numbers[LOGARITHMIC] = np.log10(numbers[LOGARITHMIC] + SMALLEST_FRACTION)
        return numbers


def square_features(
    grey: FloatImage, mask: BoolArray, openings: Openings, region: Region
) -> SquareFeatures:
    """Measure one region of a scaled and slightly smoothed picture (0 dark, 1 bright)."""
    centre = whole_centre(openings, region)
    window, in_opening, inside = _whole_opening(mask.shape, mask, openings, centre)
    patch = grey[window]
    seen = _in_window(region, window, grey.shape[1])
    values = grey.ravel()[region.pixels]
    median = max(float(np.median(values)), 1e-6)
    radius = max(1, round(0.04 * openings.side_px))
    outline = ndimage.binary_fill_holes(
        ndimage.binary_closing(np.pad(seen, radius), iterations=radius)
    )[radius:-radius, radius:-radius]
    core = ndimage.binary_erosion(outline, iterations=radius)
    core_size = max(int(core.sum()), 1)
    local = masked_blur(patch, seen.astype(np.float32), LOCAL_SIDES * openings.side_px)
    opening_px = openings.side_px**2
    around = in_opening | outline
    high = float((around & (patch > 0.75 * median)).sum())
    low = float((around & (patch > 0.25 * median)).sum())
    core_values = patch[core] if core.any() else values
    return SquareFeatures(
        inside=inside,
        fill=min(len(region.pixels) / opening_px, 1.5),
        brightness=median,
        dark=float((core & (patch < DARK_OF_MEDIAN * median)).sum()) / core_size,
        opaque=float((in_opening & (patch < OPAQUE)).sum()) / max(int(in_opening.sum()), 1),
        bright=float((core & (patch > BRIGHT_OF_LOCAL * local)).sum()) / core_size,
        vacuum=float((outline & (patch > VACUUM_OF_BRIGHTEST)).sum()) / opening_px,
        softness=(low - high) / max(low, 1.0),
        spread=min(1.4826 * _typical_deviation(core_values) / median, 1.0),
    )


def _in_window(region: Region, window: tuple[slice, slice], width: int) -> BoolArray:
    """The region's pixels as a mask of the window."""
    shape = tuple(side.stop - side.start for side in window)
    seen = np.zeros(shape, dtype=np.bool_)
    rows, columns = np.divmod(region.pixels, width)
    rows, columns = rows - window[0].start, columns - window[1].start
    fits = (rows >= 0) & (columns >= 0) & (rows < shape[0]) & (columns < shape[1])
    seen[rows[fits], columns[fits]] = True
    return seen


def whole_centre(openings: Openings, region: Region) -> tuple[float, float]:
    """The middle of the whole opening in px: its lattice node, or what is seen where there is
    none.
    """
    if openings.lattice is None or region.index is None:
        return region.middle_px
    node = openings.lattice.nodes(np.array([region.index], dtype=np.int64))[0]
    return float(node[0]), float(node[1])


def mesh_axes(openings: Openings) -> FloatArray:
    """Unit vectors of the mesh as columns (2, 2); the image's own axes where there is no
    lattice.
    """
    if openings.lattice is None:
        return np.eye(2)
    basis = np.asarray(openings.lattice.basis_px)
    return np.asarray(basis / np.linalg.norm(basis, axis=0))


def _whole_opening(
    shape: tuple[int, int], mask: BoolArray, openings: Openings, centre: tuple[float, float]
) -> tuple[tuple[slice, slice], BoolArray, float]:
    """A window round the opening, its pixels in that window, and the fraction of it that was
    imaged.
    """
    half = openings.side_px / 2
    reach = int(np.ceil(1.5 * half + 2))
    x, y = round(centre[0]), round(centre[1])
    rows, columns = np.mgrid[y - reach : y + reach + 1, x - reach : x + reach + 1]
    offsets = np.stack([columns - centre[0], rows - centre[1]])
    along = np.tensordot(np.linalg.inv(mesh_axes(openings)), offsets, axes=1)
    within = np.abs(along).max(axis=0) <= half
    in_image = (rows >= 0) & (columns >= 0) & (rows < shape[0]) & (columns < shape[1])
    window = (
        slice(max(y - reach, 0), max(min(y + reach + 1, shape[0]), 0)),
        slice(max(x - reach, 0), max(min(x + reach + 1, shape[1]), 0)),
    )
    kept = within[in_image].reshape(
        window[0].stop - window[0].start, window[1].stop - window[1].start
    )
    imaged = kept & mask[window]
    return window, kept, float(imaged.sum()) / max(int(within.sum()), 1)


def _typical_deviation(values: FloatImage) -> float:
    """Median absolute deviation."""
    return float(np.median(np.abs(values - np.median(values))))
