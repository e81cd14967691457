"""The documented DeepCryoPicker pipeline (Lipperd), one function per step.

Kept as a baseline and to be looked at, not to be relied on: grey level decides, so ice, foil and
dirt become clusters, and there is no score. Where the text gives no value ours is said beside it.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage import exposure, measure, morphology, restoration

from smartscope.analysis.base import BoolArray, FloatArray, IntArray

Boxes = IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What the text gives, and ours for cluster count, chosen cluster, area and roundness.

    `areas` are in areas of the particle's disc; `smallest_area` and `closing` of the cleaning too
    are ours.
    """

    low_percentile: float = 5.0
    high_percentile: float = 95.0
    gamma: float = 0.5
    wiener_side_px: int = 3
    wiener_balance: float = 0.1
    clip_limits: tuple[float, float] = (0.02, 0.99)
    gaussian_sigma_px: float = 1.0
    gaussian_times: int = 4
    variation_weight: float = 0.1
    closing_px: int = 5
    clusters: int = 4
    cluster: int = 1
    cleaning_px: int = 2
    smallest_area: float = 0.1
    areas: tuple[float, float] = (0.4, 1.6)
    least_roundness: float = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Component:
    """One connected region: centre x, y, area and perimeter in pixels, box (x0, y0, x1, y1)."""

    x_px: float
    y_px: float
    area_px: float
    roundness: float
    box_px: tuple[int, int, int, int]


def grey(image: FloatArray) -> FloatArray:
    """16-bit grey divided by its maximum: 0 to 1."""
    low, high = float(image.min()), float(image.max())
    sixteen = np.rint((image - low) / max(high - low, 1e-12) * 65535.0)
    return np.asarray(sixteen / 65535.0, dtype=np.float64)


def stretched(image: FloatArray, given: Parameters) -> FloatArray:
    """Contrast between two percentiles spread over 0 to 1."""
    low, high = np.percentile(image, [given.low_percentile, given.high_percentile])
    level = np.clip((image - low) / max(float(high - low), 1e-12), 0.0, 1.0)
    return np.asarray(level, dtype=np.float64)


def gamma_corrected(image: FloatArray, given: Parameters) -> FloatArray:
    """Grey to the power of gamma."""
    return np.asarray(image**given.gamma, dtype=np.float64)


def equalised(image: FloatArray) -> FloatArray:
    """Every grey as common as any other."""
    return np.asarray(exposure.equalize_hist(image), dtype=np.float64)


def wiener(image: FloatArray, given: Parameters) -> FloatArray:
    """Blurred by a uniform kernel, then deconvolved with it."""
    side = given.wiener_side_px
    kernel = np.full((side, side), 1.0 / side**2)
    blurred = ndimage.convolve(image, kernel, mode="reflect")
    return np.asarray(restoration.wiener(blurred, kernel, given.wiener_balance), dtype=np.float64)


def locally_equalised(image: FloatArray, clip_limit: float) -> FloatArray:
    """CLAHE with one clip limit."""
    level = (image - image.min()) / max(float(np.ptp(image)), 1e-12)
    return np.asarray(exposure.equalize_adapthist(level, clip_limit=clip_limit), dtype=np.float64)


def blurred(image: FloatArray, given: Parameters) -> FloatArray:
    """A Gaussian, several times."""
    for _ in range(given.gaussian_times):
        image = ndimage.gaussian_filter(image, given.gaussian_sigma_px)
    return image


def without_variation(image: FloatArray, given: Parameters) -> FloatArray:
    """Total-variation denoising."""
    return np.asarray(
        restoration.denoise_tv_chambolle(image, weight=given.variation_weight), dtype=np.float64
    )


def closed(image: FloatArray, given: Parameters) -> FloatArray:
    """Grey closing by a disc."""
    return np.asarray(
        ndimage.grey_closing(image, footprint=morphology.disk(given.closing_px)), dtype=np.float64
    )


def clustered(image: FloatArray, given: Parameters) -> IntArray:
    """1 to `clusters`, darkest first: the nearest of the centres step, 2 step, … maximum, with
    step = range / count.
    """
    level = image - image.min()
    step = max(float(level.max()) / given.clusters, 1e-12)
    return np.asarray(np.clip(np.rint(level / step), 1, given.clusters), dtype=np.int64)


def cleaned(clusters: IntArray, given: Parameters, disc_area_px: float) -> BoolArray:
    """The chosen cluster as a mask: closed, filled, without specks."""
    mask = ndimage.binary_closing(
        clusters == given.cluster, structure=morphology.disk(given.cleaning_px)
    )
    labels, count = ndimage.label(ndimage.binary_fill_holes(mask))
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    large = areas >= given.smallest_area * disc_area_px
    large[0] = False
    kept: BoolArray = large[labels]
    return kept


def components(mask: BoolArray, given: Parameters, disc_area_px: float) -> list[Component]:
    """Connected regions of a particle's area that are round: 4π area / perimeter²."""
    found = []
    for region in measure.regionprops(measure.label(mask)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            perimeter = float(region.perimeter)
        roundness = min(1.0, 4.0 * np.pi * region.area / max(perimeter, 1e-9) ** 2)
        share = region.area / disc_area_px
        if not given.areas[0] <= share <= given.areas[1] or roundness < given.least_roundness:
            continue
        top, left, bottom, right = region.bbox
        y, x = region.centroid
        found.append(
            Component(float(x), float(y), float(region.area), roundness, (left, top, right, bottom))
        )
    return found
