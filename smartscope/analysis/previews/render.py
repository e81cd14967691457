"""Grey levels for the eye: which counts become black and white, and the 8-bit picture of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatImage
from smartscope.analysis.io.limits import MAX_IMAGE_PX
from smartscope.domain.errors import InvalidInput

LOW_PERCENTILE: Final = 0.5
HIGH_PERCENTILE: Final = 99.5

_JUDGED_SIDE_PX: Final = 1024
_STRIP_PX: Final = 1 << 22

Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Contrast:
    """The values shown as black and as white; equal ones mean a flat image, shown grey."""

    low: float
    high: float


def halve(image: NDArray[np.generic]) -> FloatImage:
    """Mean of 2 x 2 pixels; an odd last row or column stands alone. (h, w) to (⌈h/2⌉, ⌈w/2⌉)."""
    height, width = image.shape
    result = np.empty((-(-height // 2), -(-width // 2)), dtype=np.float32)
    rows = max(2, _STRIP_PX // width // 2 * 2)
    for top in range(0, height, rows):
        strip = np.asarray(image[top : top + rows], dtype=np.float32)
        padded = np.pad(strip, ((0, len(strip) % 2), (0, width % 2)), mode="edge")
        pairs = padded[0::2] + padded[1::2]
        mean = 0.25 * (pairs[:, 0::2] + pairs[:, 1::2])
        result[top // 2 : top // 2 + len(mean)] = mean
    return result


def contrast(
    image: NDArray[np.generic],
    *,
    low_percentile: float = LOW_PERCENTILE,
    high_percentile: float = HIGH_PERCENTILE,
) -> Contrast:
    """Black and white by percentiles of the image as it is seen on a screen, about 1024 px wide.

    Single noisy pixels of a micrograph spread far wider than what anybody looks at, so they are
    averaged first. Pixels that are not finite do not count. Raises `InvalidInput` when none is
    finite, the image is not 2-D, or it is larger than what is read anywhere.
    """
    _check(image)
    seen = image
    while max(seen.shape) > _JUDGED_SIDE_PX:
        seen = halve(seen)
    finite = np.asarray(seen, dtype=np.float32)
    finite = finite[np.isfinite(finite)]
    if finite.size == 0:
        raise InvalidInput({"image": "No pixel of it is a finite number; there is nothing to see."})
    low, high = np.percentile(finite, (low_percentile, high_percentile))
    return Contrast(float(low), float(high))


def render(image: NDArray[np.generic], shown: Contrast) -> Grey:
    """The image (height, width) as 8-bit grey; values that are not finite are black."""
    _check(image)
    height, width = image.shape
    grey = np.empty((height, width), dtype=np.uint8)
    span = shown.high - shown.low
    rows = max(1, _STRIP_PX // width)
    for top in range(0, height, rows):
        strip = np.asarray(image[top : top + rows], dtype=np.float32)
        if span > 0.0:
            level = np.clip((strip - np.float32(shown.low)) * np.float32(255.0 / span), 0.0, 255.0)
        else:
            level = np.full(strip.shape, 127.0, dtype=np.float32)
        finite = np.isfinite(strip)
        grey[top : top + rows] = np.where(finite, np.nan_to_num(level) + 0.5, 0.0).astype(np.uint8)
    return grey


def _check(image: NDArray[np.generic]) -> None:
    if image.ndim != 2 or image.size == 0:
        raise InvalidInput({"image": f"A picture has two dimensions; this has {image.shape}."})
    if image.size > MAX_IMAGE_PX:
        raise InvalidInput({"image": f"{image.size:,} pixels; at most {MAX_IMAGE_PX:,} are shown."})
