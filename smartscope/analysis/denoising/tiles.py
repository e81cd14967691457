"""A picture through a network in overlapping pieces that meet without seams, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.networks.network import Network

TILE_PX: Final = 512
#: at a cut edge this much lacks its surroundings and counts for nothing: more than half the
#: receptive field of 46 pixels
MARGIN_PX: Final = 24
#: neighbours pass into one another over this much, by a raised cosine
BLEND_PX: Final = 24
#: what pooling divides sides by; tiles begin at multiples of it, so pools lie alike in all
DIVISOR: Final = 4
_REACH_PX: Final = 2 * MARGIN_PX + BLEND_PX


def run_in_tiles(network: Network, picture: FloatImage, *, tile_px: int = TILE_PX) -> FloatImage:
    """What `network`, (1, 1, h, w) to the same, makes of `picture` float32 (height, width).

    The same, but for rounding, whatever the tile: every pixel that counts has its receptive field.
    """
    height, width = picture.shape
    padded = np.pad(picture, [(0, -side % DIVISOR) for side in picture.shape], mode="reflect")
    total = np.zeros(padded.shape, dtype=np.float32)
    weight = np.zeros(padded.shape, dtype=np.float32)
    for rows in _spans(padded.shape[0], tile_px):
        for columns in _spans(padded.shape[1], tile_px):
            said = network.run(np.ascontiguousarray(padded[rows, columns])[None, None])[0][0, 0]
            window = np.outer(_window(rows, padded.shape[0]), _window(columns, padded.shape[1]))
            blend = window.astype(np.float32)
            total[rows, columns] += blend * said
            weight[rows, columns] += blend
    total /= weight
    return total[:height, :width]


def _spans(side: int, tile_px: int) -> Iterator[slice]:
    """Spans of one length, each overlapping the next by the reach of blending or more."""
    if side <= tile_px:
        yield slice(0, side)
        return
    count = -(-(side - _REACH_PX) // (tile_px - _REACH_PX))
    step = -(-(side - _REACH_PX) // count)
    step += -step % DIVISOR
    length = step + _REACH_PX
    for number in range(count):
        first = min(number * step, side - length)
        yield slice(first, first + length)


def _window(span: slice, side: int) -> FloatArray:
    """1 inside and at the picture's own edge, 0 over the margin of a cut edge, between a raised
    cosine.
    """
    length = span.stop - span.start
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(BLEND_PX) + 0.5) / BLEND_PX)
    edge = np.concatenate([np.zeros(MARGIN_PX), ramp])
    window = np.ones(length)
    if span.start > 0:
        window[: len(edge)] = edge[:length]
    if span.stop < side:
        window[-len(edge) :] = edge[::-1]
    return window
