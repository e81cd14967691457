"""An atlas as the square detector sees it: mesh pitch of 48-200 px, grey 0-1, a rim all round.

Training and finding prepare their pictures here, so that the network meets in use what it learned.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage
from smartscope.analysis.detection.flatten import scaled_grey

PITCH_RANGE_PX = (48.0, 200.0)
PITCH_PX = 96.0
LONG_SIDE_PX = 2048
ANTIALIAS_SD = 0.4


@dataclass(frozen=True, slots=True)
class DetectorInput:
    """Grey (height, width) float32, 0 dark to 1 bright, and how its pixels map to the image's."""

    grey: FloatImage
    scale: float
    rim_px: int

    def to_image(self, places: FloatArray) -> FloatArray:
        """Pixels (..., x or y) of the picture as pixels of the image."""
        return (places - self.rim_px + 0.5) * self.scale - 0.5

    def from_image(self, places: FloatArray) -> FloatArray:
        """Pixels (..., x or y) of the image as pixels of the picture."""
        return (places + 0.5) / self.scale - 0.5 + self.rim_px


def detector_scale(shape: tuple[int, ...], pitch_px: float) -> float:
    """Image pixels per picture pixel: 1 where the pitch suits and the image is not too large."""
    low, high = PITCH_RANGE_PX
    scale = 1.0 if low <= pitch_px <= high else pitch_px / PITCH_PX
    return max(scale, min(max(shape) / LONG_SIDE_PX, pitch_px / low))


def detector_input(pixels: FloatImage, imaged: BoolArray, pitch_px: float) -> DetectorInput | None:
    """The picture of an image (height, width) whose mesh has this pitch; `None` where it is flat.

    The rim is one pitch wide and median grey, as is what was not imaged: squares that the image's
    border cuts keep their whole box.
    """
    scaled = scaled_grey(pixels, imaged)
    if scaled is None:
        return None
    grey = np.clip(scaled[0], 0.0, 1.0)
    level = np.float32(np.median(grey[imaged]))
    grey = np.where(imaged, grey, level).astype(np.float32)
    scale = detector_scale(grey.shape, pitch_px)
    if scale != 1.0:
        grey = _resampled(grey, scale)
    rim = round(pitch_px / scale)
    return DetectorInput(np.pad(grey, rim, constant_values=level), scale, rim)


def tiles_of(
    shape: tuple[int, ...], pitch_px: float, side_px: int = LONG_SIDE_PX
) -> tuple[tuple[int, int], ...]:
    """Top left corners (y, x) of tiles of `side_px` that overlap by 1.5 pitches and cover a
    picture.
    """
    step = max(side_px - round(1.5 * pitch_px), side_px // 2)
    corners = []
    for side in shape:
        last = max(side - side_px, 0)
        corners.append(sorted({min(start, last) for start in range(0, last + step, step)}))
    return tuple((y, x) for y in corners[0] for x in corners[1])


def without_overlaps(
    boxes: FloatArray, scores: FloatArray, most_overlap: float
) -> NDArray[np.int64]:
    """Numbers of the boxes (N, 4) kept, best score first: none overlaps a better one by more.

    The overlap is intersection over union.
    """
    order = np.argsort(-scores, kind="stable")
    areas = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0), axis=1)
    kept: list[int] = []
    while len(order):
        best, order = int(order[0]), order[1:]
        kept.append(best)
        low = np.maximum(boxes[best, :2], boxes[order, :2])
        high = np.minimum(boxes[best, 2:], boxes[order, 2:])
        common = np.prod(np.maximum(high - low, 0.0), axis=1)
        union = np.maximum(areas[best] + areas[order] - common, 1e-9)
        order = order[common / union <= most_overlap]
    return np.array(kept, dtype=np.int64)


def _resampled(grey: FloatImage, scale: float) -> FloatImage:
    """The picture on pixels `scale` times larger (smaller than 1: finer), antialiased."""
    smooth = ndimage.gaussian_filter(grey, ANTIALIAS_SD * scale) if scale > 1 else grey
    shape = tuple(max(1, round(side / scale)) for side in grey.shape)
    return np.asarray(
        ndimage.affine_transform(
            smooth,
            [scale, scale],
            (scale - 1) / 2,
            output_shape=shape,
            order=1,
            mode="nearest",
        ),
        dtype=np.float32,
    )
