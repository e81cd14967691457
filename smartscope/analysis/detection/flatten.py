"""Grey made comparable: robust scale, coarser pixels, smooth illumination divided out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from smartscope.analysis.base import BoolArray, FloatImage

LOG_FLOOR = 0.02
#: so far beyond the bright end, in widths of the range from median to bright end, no specimen is
HOT_RANGES = 5.0
MOST_HOT = 1e-3


@dataclass(frozen=True, slots=True)
class GreyScale:
    """The dark level and the bright range by which a picture was scaled: value = (grey - dark) /
    range.
    """

    dark: float
    bright_range: float


def scaled_grey(pixels: FloatImage, mask: BoolArray) -> tuple[FloatImage, GreyScale] | None:
    """Grey between the 1st (0) and 99.5th percentile (1) of the imaged area; `None` when flat.

    One hot pixel ruins a minimum and maximum; any affine change of grey gives the same result.
    """
    if not mask.any():
        return None
    values = pixels[mask]
    sample = values[:: max(1, values.size // 400_000)]
    dark, bright = (float(v) for v in np.percentile(sample, [1.0, 99.5]))
    if not bright - dark > 1e-6 * max(abs(bright), abs(dark), 1e-30):
        return None
    return ((pixels - np.float32(dark)) / np.float32(bright - dark)), GreyScale(dark, bright - dark)


def binned(pixels: FloatImage, mask: BoolArray, factor: int) -> tuple[FloatImage, BoolArray]:
    """Means over factor x factor blocks of imaged pixels; the remainder at right and bottom is
    cut.
    """
    if factor == 1:
        return np.where(mask, pixels, np.float32(0.0)), mask
    height, width = (side // factor for side in pixels.shape)
    shape = (height, factor, width, factor)
    crop = (slice(0, height * factor), slice(0, width * factor))
    weight = mask[crop].reshape(shape).sum(axis=(1, 3), dtype=np.float32)
    total = np.where(mask[crop], pixels[crop], np.float32(0.0)).reshape(shape).sum(axis=(1, 3))
    valid = weight > 0.5 * factor * factor
    return np.where(valid, total / np.maximum(weight, 1.0), 0.0).astype(np.float32), valid


def without_hot_pixels(pixels: FloatImage, mask: BoolArray) -> FloatImage:
    """The picture with single pixels far above everything imaged replaced by their surroundings.

    A few of them outshine holes once pixels are averaged. Where they are many they are no defects,
    and the picture is returned as it is.
    """
    if not mask.any():
        return pixels
    sample = pixels[mask]
    middle, bright = (
        float(v) for v in np.percentile(sample[:: max(1, sample.size // 400_000)], [50.0, 99.5])
    )
    hot = mask & (pixels > bright + HOT_RANGES * max(bright - middle, 1e-6 * abs(bright)))
    rows, columns = np.nonzero(hot)
    if not len(rows) or len(rows) > MOST_HOT * mask.sum():
        return pixels
    mended = pixels.copy()
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        around = (slice(max(0, row - 2), row + 3), slice(max(0, column - 2), column + 3))
        good = mask[around] & ~hot[around]
        mended[row, column] = float(np.median(pixels[around][good])) if good.any() else middle
    return mended


def log_grey(scaled: FloatImage) -> FloatImage:
    """Log of scaled grey above a small floor, which keeps noise in dark bars from growing tails."""
    return np.log(np.maximum(scaled, 0.0) + np.float32(LOG_FLOOR)).astype(np.float32)


def masked_blur(pixels: FloatImage, weight: FloatImage, sigma_px: float) -> FloatImage:
    """Gaussian mean over weighted pixels only; 0 where no weight is near."""
    step = max(1, int(sigma_px // 4))
    coarse = pixels[::step, ::step] * weight[::step, ::step]
    total = ndimage.gaussian_filter(coarse, sigma_px / step, mode="constant")
    share = ndimage.gaussian_filter(weight[::step, ::step], sigma_px / step, mode="constant")
    mean = np.where(share > 1e-4, total / np.maximum(share, 1e-6), 0.0).astype(np.float32)
    if step == 1:
        return mean
    rows = np.linspace(0, (pixels.shape[0] - 1) / step, pixels.shape[0])
    columns = np.linspace(0, (pixels.shape[1] - 1) / step, pixels.shape[1])
    return _bilinear(mean, rows, columns)


def _bilinear(coarse: FloatImage, rows: FloatImage, columns: FloatImage) -> FloatImage:
    top = np.clip(rows.astype(np.int64), 0, coarse.shape[0] - 1)
    left = np.clip(columns.astype(np.int64), 0, coarse.shape[1] - 1)
    bottom = np.minimum(top + 1, coarse.shape[0] - 1)
    right = np.minimum(left + 1, coarse.shape[1] - 1)
    down = np.clip(rows - top, 0.0, 1.0)[:, None].astype(np.float32)
    across = np.clip(columns - left, 0.0, 1.0)[None, :].astype(np.float32)
    upper = coarse[np.ix_(top, left)] * (1 - across) + coarse[np.ix_(top, right)] * across
    lower = coarse[np.ix_(bottom, left)] * (1 - across) + coarse[np.ix_(bottom, right)] * across
    return np.asarray(upper * (1 - down) + lower * down, dtype=np.float32)
