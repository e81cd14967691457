"""A square of a film without a lattice: where it is open, what is dirt or torn, how grey it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from smartscope.analysis.base import (
    BoolArray,
    FindContext,
    Findings,
    FloatArray,
    FloatImage,
    Image,
)
from smartscope.analysis.detection.flatten import binned, log_grey
from smartscope.analysis.detection.mixture import otsu_split

#: strands and dirt are wider than this; finer pixels only add noise
WORKING_PIXEL_UM = 0.08
BLACK_AND_BRIGHT = (0.3, 99.5)
BLACK_BELOW = 0.3
#: film or ice within this reach is what a place is compared with
LEVEL_UM = 3.0
#: noise is averaged over this much before a pixel is judged
JUDGED_UM = 0.07
BAR_OF_FILM = 0.5
EDGE_OF_FILM = 0.3
DIRT_OF_LEVEL = 0.6
DIRT_GROWN_UM = 0.15
#: brighter than this of vacuum there is neither film nor ice worth an exposure
TORN_OF_VACUUM = 0.98
TORN_OVER_UM = 0.6
_LEVEL_PX = 12


@dataclass(frozen=True, slots=True)
class BareFilm:
    """One square's picture, pixel by pixel: log grey as it is and a little smoothed, where the mesh
    is open, and where of that dirt lies or film and ice are gone.
    """

    raw: FloatImage
    logged: FloatImage
    opening: BoolArray
    dirt: BoolArray
    torn: BoolArray
    pixel_size_um: float
    factor: int

    def in_image(self, positions_px: FloatArray) -> FloatArray:
        """(N, 2) places in pixels of the image as given."""
        return positions_px * self.factor + (self.factor - 1) / 2

    def in_film(self, positions_px: FloatArray) -> FloatArray:
        """(N, 2) places of the image in pixels of these maps, inside them."""
        last = np.array(self.opening.shape[::-1]) - 1
        return np.clip((positions_px - (self.factor - 1) / 2) / self.factor, 0, last)

    @property
    def sound(self) -> BoolArray:
        """Open, clean and whole."""
        return self.opening & ~self.dirt & ~self.torn


def look_at_bare_film(image: Image, context: FindContext) -> BareFilm | None:
    """What can be said of a picture before any target is sought; None where it is flat.

    Pixels much finer than anything sought are joined first.
    """
    factor = max(1, int(WORKING_PIXEL_UM / image.pixel_size_um + 0.05))
    pixels, mask = binned(image.pixels, image.imaged, factor)
    grey = _of_bright(pixels, mask) if min(pixels.shape) >= 3 else None
    if grey is None:
        return None
    pixel_um = factor * image.pixel_size_um
    smooth = ndimage.gaussian_filter(grey, max(0.7, JUDGED_UM / pixel_um))
    level = _level(smooth, pixel_um)
    opening = _opening(level, mask)
    dirt = (smooth < DIRT_OF_LEVEL * level) & opening
    if dirt.any():
        dirt = _grown(dirt, DIRT_GROWN_UM / pixel_um) & opening
    return BareFilm(
        raw=log_grey(grey),
        logged=log_grey(smooth),
        opening=opening,
        dirt=dirt,
        torn=_torn(pixels, context, pixel_um) & opening,
        pixel_size_um=pixel_um,
        factor=factor,
    )


def depth_um(area: BoolArray, pixel_size_um: float) -> FloatArray:
    """(height, width) distance (µm) from each pixel of `area` to its edge or the image's border,
    beyond which nobody knows. Half a pixel is taken off, as edges lie between pixels.
    """
    distance = np.asarray(ndimage.distance_transform_edt(np.pad(area, 1))[1:-1, 1:-1])
    return np.maximum(distance - 0.5, 0.0) * pixel_size_um


def no_findings(labels: tuple[str, ...], reason: str) -> Findings:
    """An answer without targets, and why."""
    return Findings(
        positions_px=np.empty((0, 2)),
        boxes_px=np.empty((0, 4)),
        radii_px=np.empty(0),
        scores=np.empty(0),
        probabilities=np.empty((0, len(labels))),
        labels=labels,
        predicted=np.empty(0, dtype=np.bool_),
        diagnostics={"reason": reason},
    )


def targets_at(
    labels: tuple[str, ...],
    positions_px: FloatArray,
    radii_px: FloatArray,
    scores: FloatArray,
    diagnostics: dict[str, float | str],
) -> Findings:
    """Findings of the first label, sorted by y, then x."""
    order = np.lexsort((positions_px[:, 0], positions_px[:, 1]))
    centres, radii = positions_px[order], radii_px[order]
    probabilities = np.zeros((len(order), len(labels)))
    probabilities[:, 0] = 1.0
    return Findings(
        positions_px=centres,
        boxes_px=np.column_stack([centres - radii[:, None], centres + radii[:, None]]),
        radii_px=radii,
        scores=scores[order],
        probabilities=probabilities,
        labels=labels,
        predicted=np.zeros(len(order), dtype=np.bool_),
        diagnostics=diagnostics,
    )


def _of_bright(pixels: FloatImage, mask: BoolArray) -> FloatImage | None:
    """Grey as a share of the brightest, above what bars and dirt let through; None when flat.

    Where neither is in view the darkest is film and not black, so counts are taken as they are.
    """
    if not mask.any():
        return None
    values = pixels[mask]
    low, high = (float(v) for v in np.percentile(values, BLACK_AND_BRIGHT))
    if not high - low > 1e-6 * max(abs(high), abs(low), 1e-30):
        return None
    black = low if low < BLACK_BELOW * high else 0.0
    return np.asarray((pixels - np.float32(black)) / np.float32(high - black), dtype=np.float32)


def _level(smooth: FloatImage, pixel_um: float) -> FloatImage:
    """Grey of film and ice near each pixel, over specks and strands: closed over some µm."""
    step = max(1, round(LEVEL_UM / pixel_um / _LEVEL_PX))
    coarse = smooth[::step, ::step]
    size = max(3, 2 * round(0.5 * LEVEL_UM / pixel_um / step) + 1)
    padded = np.pad(coarse, size, mode="edge")
    closed = ndimage.grey_closing(padded, size=(size, size))[size:-size, size:-size]
    rows = np.minimum(np.arange(smooth.shape[0]) // step, closed.shape[0] - 1)
    columns = np.minimum(np.arange(smooth.shape[1]) // step, closed.shape[1] - 1)
    return np.asarray(closed[np.ix_(rows, columns)], dtype=np.float32)


def _opening(level: FloatImage, mask: BoolArray) -> BoolArray:
    """The mesh's opening in view, all that was imaged when no dark bar is."""
    values = level[mask][:: max(1, mask.size // 200_000)].astype(np.float64)
    split = otsu_split(values)
    if split is None or split[0] > BAR_OF_FILM * split[1]:
        return mask
    labels, count = ndimage.label((level > EDGE_OF_FILM * split[1]) & mask)
    if count == 0:
        return np.zeros_like(mask)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    return np.asarray(labels == 1 + int(sizes.argmax()))


def _torn(pixels: FloatImage, context: FindContext, pixel_um: float) -> BoolArray:
    if context.vacuum_intensity is None:
        return np.zeros(pixels.shape, dtype=np.bool_)
    smooth = ndimage.gaussian_filter(pixels, max(1.0, TORN_OVER_UM / 2 / pixel_um))
    return np.asarray(smooth > TORN_OF_VACUUM * context.vacuum_intensity)


def _grown(area: BoolArray, by_px: float) -> BoolArray:
    return np.asarray(ndimage.distance_transform_edt(~area) <= by_px)
