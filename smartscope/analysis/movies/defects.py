"""Finds pixels that count wrongly in every frame and replaces them; a single odd event is left
alone.

A replaced pixel takes the value of a random good neighbour: their mean would leave a quiet spot
whose noise is unlike that of the rest, and which stands still while the specimen moves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from smartscope.analysis.base import BoolArray, FloatImage, IntArray

_SIGMAS: Final = 6.0
# A good pixel that expects more electrons than this is empty once in ten million.
_SURELY_COUNTED: Final = 16.0
_LOCAL_PX: Final = 15
_REACH_PX: Final = 2
_TOO_MANY: Final = 0.02
_SEED: Final = 20
_UNSTEADY: Final = 5.0
_SPREADS: Final = 18.0
_CHANCE_SQUARE: Final = 20.0
_FEWEST_FRAMES: Final = 8
#: a middle is known from so many pixels as well as it needs to be
_SAMPLED_PX: Final = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Defects:
    """Flat indices of bad pixels (n,) and of their good neighbours (n, 24), else -1."""

    pixels: IntArray
    neighbours: IntArray

    def __len__(self) -> int:
        return len(self.pixels)


def find_unsteady(total: FloatImage, squares: FloatImage, frames: int) -> BoolArray:
    """Pixels whose counts vary from frame to frame five times as much as is usual.

    `total` and `squares` (height, width) are sums over frames of the counts and of their squares.
    Counting a steady beam is as unsteady everywhere; a pixel that flickers is not.
    """
    if frames < _FEWEST_FRAMES:
        return np.zeros(total.shape, dtype=np.bool_)
    variance = (squares - total * (total / np.float32(frames))) / np.float32(frames - 1)
    usual = max(_middle(variance), float(variance.mean(dtype=np.float64)) / 2.0)
    # A few frames tell a variance poorly, the worse the fewer electrons there are in them.
    spread = math.sqrt(2.0 / frames + 1.0 / max(frames * usual, 1e-9))
    limit = max(_UNSTEADY, 1.0 + _SPREADS * spread) * usual
    # Four electrons in one frame of a movie of hardly any are no defect.
    return np.asarray(variance > max(limit, _CHANCE_SQUARE / frames))


def find_defects(total: FloatImage, known: BoolArray | None = None) -> Defects:
    """Pixels of a gain-corrected sum of frames that never counted, stand out by 6 sd, or are known.

    The sd is robust (median absolute deviation) and not below Poisson's. When more than 2 % stand
    out it is the specimen or a wrong gain reference, not defects, and none is returned.
    """
    typical = _middle(total)
    counting = max(1.0, abs(typical)) ** 0.5
    clipped = np.clip(total, typical - _SIGMAS * counting, typical + _SIGMAS * counting)
    odd = total - ndimage.uniform_filter(clipped, _LOCAL_PX, mode="reflect")
    spread = 1.4826 * _middle(np.abs(_sample(odd) - _middle(odd)))
    bad = np.abs(odd) > _SIGMAS * max(spread, counting)
    if typical > _SURELY_COUNTED:
        bad |= total <= 0.0
    if bad.mean() > _TOO_MANY:
        bad = np.zeros_like(bad)
    if known is not None:
        bad |= known
    return _with_neighbours(bad)


def _sample(picture: FloatImage) -> FloatImage:
    """Every so many-th pixel (n,), of all columns alike, once there are millions."""
    step = max(1, round(math.sqrt(picture.size / _SAMPLED_PX)))
    return np.ravel(picture[::step, :: step + 1] if step > 1 else picture)


def _middle(picture: FloatImage) -> float:
    """The median of a sample of a picture's pixels."""
    return float(np.median(_sample(picture) if picture.ndim == 2 else picture))


def replace(frame: FloatImage, defects: Defects, *, frame_number: int) -> None:
    """Overwrite the bad pixels of `frame` in place, by a choice that its number decides."""
    if not len(defects):
        return
    chance = np.random.default_rng((_SEED, frame_number)).random(defects.neighbours.shape)
    chance[defects.neighbours < 0] = -1.0
    pick = chance.argmax(axis=1)
    source = defects.neighbours[np.arange(len(defects)), pick]
    usable = source >= 0
    flat = frame.reshape(-1)
    flat[defects.pixels[usable]] = flat[source[usable]]
    if not usable.all():
        flat[defects.pixels[~usable]] = np.float32(np.median(frame))


def _with_neighbours(bad: NDArray[np.bool_]) -> Defects:
    height, width = bad.shape
    rows, columns = np.nonzero(bad)
    reach = range(-_REACH_PX, _REACH_PX + 1)
    offsets = np.array([(dy, dx) for dy in reach for dx in reach if (dy, dx) != (0, 0)])
    near_rows = rows[:, None] + offsets[None, :, 0]
    near_columns = columns[:, None] + offsets[None, :, 1]
    inside = (near_rows >= 0) & (near_rows < height) & (near_columns >= 0) & (near_columns < width)
    flat = np.where(inside, near_rows * width + near_columns, 0)
    good = inside & ~bad.reshape(-1)[flat]
    return Defects((rows * width + columns).astype(np.int64), np.where(good, flat, -1))
