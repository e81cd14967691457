"""The period of a mesh or a film from the picture itself: shortest peaks of the autocorrelation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft, ndimage

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage

MIN_INDEPENDENT_ANGLE_DEG = 35.0
SECOND_VECTOR_LENGTH_RATIO = 1.45


@dataclass(frozen=True, slots=True)
class Period:
    """Two shortest independent repeat vectors (columns of `basis_px`, x then y) and their strength.

    `strength_sd` is the weaker peak's height in standard deviations of the autocorrelation around
    it.
    """

    basis_px: FloatArray
    strength_sd: float

    @property
    def pitch_px(self) -> float:
        """Mean length of the two vectors."""
        return float(np.linalg.norm(self.basis_px, axis=0).mean())


def measure_period(
    picture: FloatImage,
    mask: BoolArray,
    *,
    shortest_px: float,
    longest_px: float,
    expected_px: float | None = None,
) -> Period | None:
    """The lattice period of `picture` (height, width) between two lengths in px; `None` without a
    peak.

    The picture should be flat (background removed); the mask says where it is valid. An expected
    pitch only breaks ties between a vector and its multiples: the measurement decides. Square,
    hexagonal and tilted lattices are one code path, because the two vectors are free.
    """
    correlation = _autocorrelation(picture, mask, int(np.ceil(longest_px * 1.5)))
    centre = correlation.shape[0] // 2
    smooth = ndimage.gaussian_filter(correlation, max(0.5, 0.04 * shortest_px))
    size = max(3, 2 * int(0.3 * shortest_px) + 1)
    is_peak = (smooth == ndimage.maximum_filter(smooth, size=size)) & (smooth > 0)
    rows, columns = np.nonzero(is_peak)
    vectors = np.column_stack([columns - centre, rows - centre]).astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1)
    half = (vectors[:, 1] > 0) | ((vectors[:, 1] == 0) & (vectors[:, 0] > 0))
    kept = half & (lengths >= shortest_px) & (lengths <= longest_px)
    if kept.sum() < 2:
        return None
    vectors, lengths = vectors[kept], lengths[kept]
    heights = smooth[rows[kept], columns[kept]]
    pair = _shortest_strong_pair(vectors, lengths, heights, expected_px)
    if pair is None:
        return None
    ring = _ring(correlation.shape, float(lengths[list(pair)].mean()))
    spread = 1.4826 * float(np.median(np.abs(smooth[ring] - np.median(smooth[ring])))) + 1e-12
    strength = (float(heights[list(pair)].min()) - float(np.median(smooth[ring]))) / spread
    refined = [_refine(smooth, vectors[index]) for index in pair]
    return Period(_oriented(np.column_stack(refined)), strength)


def _autocorrelation(picture: FloatImage, mask: BoolArray, reach_px: int) -> FloatImage:
    """Normalised autocorrelation for shifts up to `reach_px`, overlap by overlap, centre in the
    middle.
    """
    weight = mask.astype(np.float32)
    mean = float((picture * weight).sum() / max(float(weight.sum()), 1.0))
    flat = (picture - np.float32(mean)) * weight
    reach_px = min(reach_px, min(picture.shape) - 1)
    shape = [fft.next_fast_len(side + reach_px + 1, real=True) for side in picture.shape]
    product = fft.irfft2(np.abs(fft.rfft2(flat, shape)) ** 2, shape)
    overlap = fft.irfft2(np.abs(fft.rfft2(weight, shape)) ** 2, shape)
    crop = np.arange(-reach_px, reach_px + 1)
    product, overlap = product[np.ix_(crop, crop)], overlap[np.ix_(crop, crop)]
    enough = overlap > 0.05 * overlap.max()
    variance = max(float(product[reach_px, reach_px] / overlap[reach_px, reach_px]), 1e-20)
    return np.where(enough, product / np.maximum(overlap, 1.0) / variance, 0.0).astype(np.float32)


def _shortest_strong_pair(
    vectors: FloatArray, lengths: FloatArray, heights: FloatImage, expected_px: float | None
) -> tuple[int, int] | None:
    """Among peaks nearly as high as the highest, the shortest two that span the plane."""
    strong = np.flatnonzero(heights > 0.55 * float(heights.max()))
    order = strong[np.argsort(lengths[strong], kind="stable")]
    if expected_px is not None:
        near = order[np.abs(lengths[order] / expected_px - 1) < 0.2]
        if len(near) >= 2:
            order = near
    for position, first in enumerate(order):
        for second in order[position + 1 :]:
            if lengths[second] > SECOND_VECTOR_LENGTH_RATIO * lengths[first]:
                break
            cross = vectors[first, 0] * vectors[second, 1] - vectors[first, 1] * vectors[second, 0]
            sine = abs(float(cross)) / float(lengths[first] * lengths[second])
            if sine > np.sin(np.deg2rad(MIN_INDEPENDENT_ANGLE_DEG)):
                return int(first), int(second)
    return None


def _ring(shape: tuple[int, ...], radius_px: float) -> BoolArray:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    distance = np.hypot(rows - shape[0] // 2, columns - shape[1] // 2)
    return np.asarray(np.abs(distance - radius_px) < 0.35 * radius_px)


def _refine(correlation: FloatImage, vector: FloatArray) -> FloatArray:
    """The peak's position to a fraction of a pixel, by a parabola in each direction."""
    centre = correlation.shape[0] // 2
    column, row = int(vector[0]) + centre, int(vector[1]) + centre
    if not (0 < row < correlation.shape[0] - 1 and 0 < column < correlation.shape[1] - 1):
        return vector
    shift_x = _vertex(*(float(v) for v in correlation[row, column - 1 : column + 2]))
    shift_y = _vertex(*(float(v) for v in correlation[row - 1 : row + 2, column]))
    return np.asarray(vector + np.array([shift_x, shift_y]))


def _vertex(before: float, at: float, after: float) -> float:
    curvature = before - 2 * at + after
    return 0.0 if curvature >= 0 else float(np.clip(0.5 * (before - after) / curvature, -0.5, 0.5))


def _oriented(basis: FloatArray) -> FloatArray:
    """A canonical basis: first vector closest to +x, the second turned from it towards +y."""
    signed = [basis[:, k] * s for k in (0, 1) for s in (1.0, -1.0)]
    first = max(range(4), key=lambda n: (signed[n][0] / np.linalg.norm(signed[n]), -n))
    a = signed[first]
    b = basis[:, 1 - first // 2]
    if a[0] * b[1] - a[1] * b[0] < 0:
        b = -b
    return np.column_stack([a, b])
