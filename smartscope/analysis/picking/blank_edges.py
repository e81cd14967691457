"""Rows and columns at the rim that hold no picture: filled or smeared when frames were aligned."""

from __future__ import annotations

from typing import Final

import numpy as np

from smartscope.analysis.base import BoolArray, FloatImage

#: the rim looked at, as a share of the side
_RIM: Final = 0.05
#: neighbours that differ by less than this share of what is usual are copies of one another
_COPIED: Final = 0.25
_EVERY: Final = 16


def blank_edges(image: FloatImage) -> BoolArray:
    """(height, width), True where an edge of `image` only repeats its neighbours."""
    blank = np.zeros(image.shape, dtype=np.bool_)
    for turned, picture in ((blank, image), (blank.T, image.T)):
        first, last = _inner(picture)
        turned[:first] = True
        turned[last:] = True
    return blank


def _inner(picture: FloatImage) -> tuple[int, int]:
    """First row of the picture proper, and the one after its last."""
    rows = picture.shape[0]
    rim = max(2, int(_RIM * rows))
    if rows < 4 * rim:
        return 0, rows
    sampled = np.arange(rim, rows - rim - 1, max(1, rows // (_EVERY * rim)))
    usual = np.median(np.abs(picture[sampled + 1] - picture[sampled]).mean(axis=1))
    top = np.abs(np.diff(picture[: rim + 1], axis=0)).mean(axis=1)
    bottom = np.abs(np.diff(picture[rows - rim - 1 :], axis=0)).mean(axis=1)
    above = np.flatnonzero(top < _COPIED * usual)
    below = np.flatnonzero(bottom < _COPIED * usual)
    first = int(above[-1]) + 2 if above.size else 0
    last = rows - rim - 1 + int(below[0]) if below.size else rows
    return first, last
