"""How large particles are by the places that people pointed at: the shape that answers best there.

Twenty places are too few for a radial mean that falls to 5 %, and enough to say which disc or bar
fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy import ndimage

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.picking.discs import disc_response
from smartscope.analysis.picking.long_shapes import bar_responses
from smartscope.analysis.picking.prepared import Prepared
from smartscope.analysis.picking.size_evidence import LARGEST_ANGSTROM, SMALLEST_ANGSTROM

#: fewer places say nothing of a size
FEWEST: Final = 6
_SIZES: Final = 14
#: a bar's width in its lengths; None: a disc
_SLENDER: Final = (None, 0.2, 0.33)
#: a disc that fits best is so many particles wide: molecules are soft at their rim
_DISC: Final = 0.92
#: people point so far from the middle, in diameters
_ASTRAY: Final = 0.12
_MAD: Final = 1.4826


def pointed_size(micrographs: Sequence[Prepared], places_px: Sequence[FloatArray]) -> float | None:
    """Å, the longest side; None for fewer than six places, or where no size stands out.

    `micrographs` are prepared as for `measured_diameter`; `places_px` (n, 2) in prepared pixels, of
    each of them.
    """
    if sum(len(each) for each in places_px) < FEWEST:
        return None
    sizes = np.geomspace(SMALLEST_ANGSTROM, LARGEST_ANGSTROM, _SIZES)
    told = np.array(
        [
            [_mean_answer(micrographs, places_px, float(size), slender) for size in sizes]
            for slender in _SLENDER
        ]
    )
    shape, best = np.unravel_index(int(told.argmax()), told.shape)
    if told[shape, best] <= 0.0:
        return None
    return _peak(sizes, told[shape], int(best)) / (1.0 if shape else _DISC)


def _mean_answer(
    micrographs: Sequence[Prepared],
    places_px: Sequence[FloatArray],
    size: float,
    slender: float | None,
) -> float:
    """Over all places, in deviations of the whole picture; 0 where it holds few of that size."""
    answers: list[FloatArray] = []
    for micrograph, places in zip(micrographs, places_px, strict=True):
        pixel = micrograph.pixel_size_angstrom
        if not len(places):
            continue
        if size > min(micrograph.pixels.shape) * pixel / 4.0:
            return 0.0
        response = _response(micrograph, size, slender)
        reach = max(1, round(_ASTRAY * size / pixel))
        near = ndimage.maximum_filter(response, size=2 * reach + 1, mode="nearest")
        values = near[micrograph.seen]
        middle = float(np.median(values))
        spread = _MAD * float(np.median(np.abs(values - middle))) + 1e-9
        columns, rows = np.rint(places).astype(np.intp).T
        inside = (rows >= 0) & (rows < near.shape[0]) & (columns >= 0) & (columns < near.shape[1])
        answers.append((near[rows[inside], columns[inside]] - middle) / spread)
    joined = np.concatenate(answers) if answers else np.zeros(0)
    return float(joined.mean()) if joined.size else 0.0


def _response(micrograph: Prepared, size: float, slender: float | None) -> FloatImage:
    if slender is None:
        return disc_response(micrograph, size)
    return bar_responses(micrograph, size, slender * size)[0]


def _peak(sizes: FloatArray, told: FloatArray, best: int) -> float:
    """The top of a parabola through the best size and its neighbours, on a log scale."""
    if not 0 < best < len(sizes) - 1:
        return float(sizes[best])
    before, middle, after = told[best - 1 : best + 2]
    bend = before - 2.0 * middle + after
    shift = 0.5 * (before - after) / bend if bend < 0.0 else 0.0
    return float(sizes[best] * (sizes[1] / sizes[0]) ** shift)
