"""A large image through a network in overlapping pieces, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from smartscope.analysis.base import FloatImage
from smartscope.analysis.networks.network import Network

TILE_PX = 1024
#: more than half of what one answer depends on
MARGIN_PX = 96


def run_tiled(network: Network, planes: FloatImage, *, shrink: int, divisor: int) -> FloatImage:
    """Maps (K, H / shrink, W / shrink) of `planes` (C, H, W), whole as if run in one piece.

    Sides are padded with zeros to multiples of `divisor`, which `shrink` divides. Answers near a
    piece's edge, which lack their surroundings, are taken from its neighbour.
    """
    _, height, width = planes.shape
    padding = [(0, 0), *((0, -side % divisor) for side in (height, width))]
    padded = np.pad(planes, padding)
    whole: FloatImage | None = None
    for rows in _pieces(padded.shape[1]):
        for columns in _pieces(padded.shape[2]):
            (top, bottom, first, last), (left, right, begin, end) = rows, columns
            maps = network.run(padded[None, :, top:bottom, left:right])[0][0]
            if whole is None:
                shape = (len(maps), padded.shape[1] // shrink, padded.shape[2] // shrink)
                whole = np.empty(shape, dtype=np.float32)
            whole[:, first // shrink : last // shrink, begin // shrink : end // shrink] = maps[
                :,
                (first - top) // shrink : (last - top) // shrink,
                (begin - left) // shrink : (end - left) // shrink,
            ]
    assert whole is not None
    return whole[:, : height // shrink, : width // shrink]


def _pieces(side: int) -> Iterator[tuple[int, int, int, int]]:
    """Where each piece begins and ends, and the part of it that counts."""
    if side <= TILE_PX + 2 * MARGIN_PX:
        yield 0, side, 0, side
        return
    for first in range(0, side, TILE_PX):
        last = min(first + TILE_PX, side)
        yield max(0, first - MARGIN_PX), min(side, last + MARGIN_PX), first, last
