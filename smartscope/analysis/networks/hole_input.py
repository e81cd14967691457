"""A square's image as the hole network sees it: one pitch is 20 pixels, grey is relative.

Training and finding prepare their images here, so that the network meets in use what it learned on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from smartscope.analysis.base import BoolArray, FloatImage
from smartscope.analysis.detection.flatten import binned, log_grey, masked_blur, scaled_grey

#: the pitch at which the network looks
PITCH_PX = 20.0
#: block means keep at least twice the resolution wanted
FINEST_OVER_WANTED = 2.0
CHANNELS = 2
GREY_RANGE = (-0.25, 1.5)
LEVEL_PITCHES = 1.0
CONTRAST_PITCHES = 1.5
LEAST_CONTRAST = 0.3
CLIP_DEVIATIONS = 4.0
LARGEST_ZOOM = 4.0


@dataclass(frozen=True, slots=True)
class HoleInput:
    """Planes (2, height, width) float32 and how their pixels map to the image's.

    Plane 0 is grey between dark (0) and bright (1); plane 1 is log grey less its mean within a
    pitch, over its local contrast. `scale` is image pixels per plane pixel; `imaged` is (height,
    width). A plane pixel's centre lies at scale·x + (scale - 1)/2 of the image.
    """

    planes: FloatImage
    imaged: BoolArray
    scale: float


def hole_input(pixels: FloatImage, imaged: BoolArray, pitch_px: float) -> HoleInput | None:
    """The image (height, width) rescaled so that `pitch_px` becomes 20; `None` where it is flat."""
    scaled = grey_at_pitch(pixels, imaged, pitch_px, wanted_px=PITCH_PX)
    if scaled is None:
        return None
    grey, seen, scale = scaled
    planes = np.stack([np.clip(grey, *GREY_RANGE), _even(grey, seen)]) * seen
    return HoleInput(planes.astype(np.float32), seen, scale)


def grey_at_pitch(
    pixels: FloatImage, imaged: BoolArray, pitch_px: float, *, wanted_px: float
) -> tuple[FloatImage, BoolArray, float] | None:
    """Relative grey rescaled so that `pitch_px` becomes `wanted_px`, where it was imaged, and how
    many pixels of the image one of its pixels is; `None` where the image is flat.

    Block means down to at most twice the resolution wanted, then a Gaussian against aliasing and
    linear interpolation: what lies outside the image never wraps around into it, as it would by
    cropping its Fourier transform.
    """
    factor = max(1, int(pitch_px / (FINEST_OVER_WANTED * wanted_px)))
    coarse, mask = binned(pixels, imaged, factor)
    scaled = scaled_grey(coarse, mask) if coarse.size else None
    if scaled is None:
        return None
    step = max(pitch_px / factor / wanted_px, 1 / LARGEST_ZOOM)
    grey, seen = _resampled(np.where(mask, scaled[0], np.float32(0.0)), mask, step)
    return grey, seen, factor * step


def _resampled(grey: FloatImage, mask: BoolArray, step: float) -> tuple[FloatImage, BoolArray]:
    """Every `step`-th pixel (fractional), the first half a step in, so that borders agree."""
    sigma = 0.5 * np.sqrt(max(step**2 - 1.0, 0.0))
    blurred = ndimage.gaussian_filter(grey, sigma) if sigma > 0.2 else grey
    shape = tuple(max(1, int(side / step)) for side in grey.shape)
    offset = (step - 1) / 2
    fine = ndimage.affine_transform(
        blurred, [step, step], offset, output_shape=shape, order=1, mode="nearest"
    )
    if mask.all():
        return fine, np.ones(shape, dtype=np.bool_)
    seen = ndimage.affine_transform(
        mask.astype(np.float32), [step, step], offset, output_shape=shape, order=1, mode="nearest"
    )
    return fine, seen > 0.99


def _even(grey: FloatImage, seen: BoolArray) -> FloatImage:
    """Log grey less its mean within a pitch, divided by its local deviation.

    A floor of a third of the median deviation keeps noise in even places from looking like holes.
    """
    weight = seen.astype(np.float32)
    logged = log_grey(grey)
    high = (logged - masked_blur(logged, weight, LEVEL_PITCHES * PITCH_PX)) * weight
    spread = np.sqrt(np.maximum(masked_blur(high**2, weight, CONTRAST_PITCHES * PITCH_PX), 0.0))
    typical = float(np.median(spread[seen])) if seen.any() else 0.0
    floor = np.float32(LEAST_CONTRAST * typical + 1e-6)
    even = np.clip(high / np.maximum(spread, floor), -CLIP_DEVIATIONS, CLIP_DEVIATIONS)
    return np.asarray(even / 2, dtype=np.float32)
