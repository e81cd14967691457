"""What dark discs of a width match in a prepared micrograph, and which width matches best."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import fft, ndimage

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.picking.prepared import Prepared

#: a disc is compared with the ring round it out to this multiple of its own radius
_RING: Final = 1.4
_SOFT_PX: Final = 1.0
_MAD: Final = 1.4826
#: no single dirt shall decide which width is best
_CLIP: Final = 8.0

Places = tuple[FloatArray, FloatArray]


def disc_response(micrograph: Prepared, width_angstrom: float) -> FloatImage:
    """(height, width) how much darker a disc there is than its ring, in deviations of all such."""
    return disc_responses(micrograph, (width_angstrom,))[0]


def disc_responses(micrograph: Prepared, widths_angstrom: tuple[float, ...]) -> list[FloatImage]:
    """One response per width; see `disc_response`."""
    pixels = micrograph.pixels
    spectrum = fft.rfft2(pixels)
    away = np.hypot(
        np.fft.fftfreq(pixels.shape[0], 1.0 / pixels.shape[0])[:, None],
        np.fft.fftfreq(pixels.shape[1], 1.0 / pixels.shape[1]),
    ).astype(np.float32)
    made = []
    for width in widths_angstrom:
        radius = width / 2.0 / micrograph.pixel_size_angstrom
        template = _template(away, np.float32(radius))
        raw = fft.irfft2(-spectrum * np.conj(fft.rfft2(template)), s=pixels.shape)
        values = raw[micrograph.seen]
        middle = np.median(values)
        spread = _MAD * float(np.median(np.abs(values - middle)))
        made.append(np.asarray(raw / np.float32(max(spread, 1e-9)), dtype=np.float32))
    return made


def lopsided(micrograph: Prepared, response: FloatImage) -> float:
    """Skewness of the response, extremes cut: particles are dark, noise is as often bright."""
    values = response[micrograph.seen].astype(np.float64)
    values = np.clip(values - np.median(values), -_CLIP, _CLIP)
    values -= values.mean()
    spread = float(values.std())
    return float((values**3).mean()) / spread**3 if spread > 0.0 else 0.0


def maxima(
    micrograph: Prepared, response: FloatImage, *, apart_angstrom: float, inside_angstrom: float
) -> Places:
    """Places (n, 2) in prepared pixels, best first, and their responses (n,).

    No two are nearer than `apart_angstrom`, none nearer than `inside_angstrom` to what is not seen.
    """
    pixel = micrograph.pixel_size_angstrom
    apart = max(1.0, apart_angstrom / pixel)
    side = max(1, int(apart / np.sqrt(2.0)))
    highest = ndimage.maximum_filter(response, size=2 * side + 1, mode="nearest")
    margin = ndimage.distance_transform_edt(np.pad(micrograph.seen, 1))[1:-1, 1:-1]
    kept = (response == highest) & (response > 0.0) & (margin > inside_angstrom / pixel)
    y, x = np.nonzero(kept)
    scores = response[y, x].astype(np.float64)
    order = np.argsort(-scores, kind="stable")
    places = np.column_stack([x, y]).astype(np.float64)[order]
    alone = _alone(places, apart)
    return places[alone], scores[order][alone]


def _alone(places: FloatArray, apart_px: float) -> list[int]:
    """Indices that stay when the better one of two neighbours takes the place."""
    cells: dict[tuple[int, int], list[int]] = {}
    kept = []
    for index, (x, y) in enumerate(places.tolist()):
        column, row = int(x // apart_px), int(y // apart_px)
        near = (
            other
            for i in (column - 1, column, column + 1)
            for j in (row - 1, row, row + 1)
            for other in cells.get((i, j), ())
        )
        if all(np.hypot(*(places[other] - (x, y))) >= apart_px for other in near):
            cells.setdefault((column, row), []).append(index)
            kept.append(index)
    return kept


def _template(away_px: FloatImage, radius_px: np.float32) -> FloatImage:
    """A soft disc whose sum is 0 over itself and its ring."""
    disc, whole = _soft(away_px, radius_px), _soft(away_px, np.float32(_RING) * radius_px)
    made = whole * (disc - (disc * whole).sum() / whole.sum())
    return np.asarray(made, dtype=np.float32)


def _soft(away_px: FloatImage, radius_px: np.float32) -> FloatImage:
    steps = np.clip((away_px - radius_px) / np.float32(_SOFT_PX), -30.0, 30.0)
    return np.asarray(1.0 / (1.0 + np.exp(steps)), dtype=np.float32)
