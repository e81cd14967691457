"""Overlapping tiles of a field, tapered where they are cut, and put together without seams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from smartscope.analysis.base import FloatArray, FloatImage

TILE_PX: Final = 512
#: on each side: the outer half is tapered away, the inner half is blended with the neighbour's
MARGIN_PX: Final = 32


@dataclass(frozen=True, slots=True)
class Span:
    """Pixels `start` to `stop` of an axis, which may reach beyond the frame on both sides."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """How many."""
        return self.stop - self.start


def spans(side: int) -> tuple[Span, ...]:
    """Spans of equal, even length that cover 0 to `side` and a margin beyond both ends."""
    inner = TILE_PX - 2 * MARGIN_PX
    count = max(1, -(-side // inner))
    step = -(-side // count)
    step += step % 2
    return tuple(
        Span(number * step - MARGIN_PX, (number + 1) * step + MARGIN_PX) for number in range(count)
    )


def cut(frame: FloatImage, rows: Span, columns: Span) -> FloatImage:
    """The tile; beyond the frame it is mirrored."""
    picked = [
        _mirrored(np.arange(span.start, span.stop), side)
        for span, side in zip((rows, columns), frame.shape, strict=True)
    ]
    return np.asarray(frame[np.ix_(picked[0], picked[1])])


def taper(length: int) -> FloatArray:
    """1 inside, falling to 0 over the outer half of the margin (length,)."""
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(MARGIN_PX // 2) + 0.5) / (MARGIN_PX // 2))
    edge = np.ones(length)
    edge[: MARGIN_PX // 2] = ramp
    edge[-(MARGIN_PX // 2) :] = ramp[::-1]
    return edge


def blend(length: int) -> FloatArray:
    """Weights of a finer tile of twice `length` pixels, which neighbours' complete to 1."""
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(2 * MARGIN_PX) + 0.5) / (2 * MARGIN_PX))
    edge = np.ones(2 * length)
    edge[:MARGIN_PX] = 0.0
    edge[-MARGIN_PX:] = 0.0
    inner = slice(MARGIN_PX, 3 * MARGIN_PX)
    edge[inner] = ramp
    edge[-3 * MARGIN_PX : -MARGIN_PX] = ramp[::-1]
    return edge


def interior(field: FloatImage) -> FloatImage:
    """A finer field without its rim, its mean removed and its new edges tapered."""
    rim = 2 * MARGIN_PX
    inner = field[rim:-rim, rim:-rim]
    window = np.outer(taper(inner.shape[0]), taper(inner.shape[1])).astype(np.float32)
    return np.asarray((inner - inner.mean(dtype=np.float64)) * window, dtype=np.float32)


class Mosaic:
    """The finer field (2 height, 2 width), as tiles arrive."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._shape = shape
        self._total = np.zeros((2 * shape[0], 2 * shape[1]), dtype=np.float32)
        self._weight = np.zeros_like(self._total)

    def add(self, tile: FloatImage, rows: Span, columns: Span) -> None:
        """Blend in a finer tile (2 rows, 2 columns)."""
        weight = (blend(rows.length)[:, None] * blend(columns.length)).astype(np.float32)
        inside = [
            (max(0, 2 * span.start), min(2 * side, 2 * span.stop))
            for span, side in zip((rows, columns), self._shape, strict=True)
        ]
        target = tuple(slice(first, last) for first, last in inside)
        source = tuple(
            slice(first - 2 * span.start, last - 2 * span.start)
            for (first, last), span in zip(inside, (rows, columns), strict=True)
        )
        self._total[target] += weight[source] * tile[source]
        self._weight[target] += weight[source]

    def result(self) -> FloatImage:
        """The field; every pixel has been covered."""
        return np.asarray(self._total / np.maximum(self._weight, np.float32(1e-6)))


def _mirrored(index: np.ndarray, side: int) -> np.ndarray:
    period = np.mod(index, 2 * side)
    return np.asarray(np.where(period < side, period, 2 * side - 1 - period))
