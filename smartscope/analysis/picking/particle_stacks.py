"""Boxes around particles as RELION stacks: bright on dark, ice of mean 0 and deviation 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage
from smartscope.analysis.io.fourier_crop import crop_to

#: of half a box: what lies further from the centre is ice, by which a box is normalised
ICE_BEYOND: Final = 0.75


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """`boxes` float32 (n, side, side); `inside` (m,) says which of the m particles have one.

    A particle whose box would reach beyond the micrograph has none.
    """

    boxes: FloatImage
    inside: BoolArray
    pixel_size_angstrom: float


def particle_stack(
    total: NDArray[np.generic],
    centres_px: FloatArray,
    *,
    box_px: int,
    binning: int,
    pixel_size_angstrom: float,
) -> Stack:
    """Boxes of `box_px` (even) around `centres_px` (m, 2) of a sum with dark particles.

    Cut at whole pixels, then cropped in Fourier space to box_px / binning, made even. The centre is
    the pixel at half the side, as RELION has it.
    """
    half = box_px // 2
    side = max(2, 2 * round(box_px / binning / 2))
    corners = np.rint(centres_px).astype(np.int64) - half
    height, width = total.shape
    inside: BoolArray = (
        (corners >= 0).all(axis=1)
        & (corners[:, 0] + box_px <= width)
        & (corners[:, 1] + box_px <= height)
    )
    boxes = np.zeros((int(inside.sum()), side, side), dtype=np.float32)
    ice = _ice(side)
    for box, (x, y) in zip(boxes, corners[inside], strict=True):
        cut = np.asarray(total[y : y + box_px, x : x + box_px], dtype=np.float32)
        small = crop_to(cut, (side, side)) if side != box_px else cut
        deviation = float(small[ice].std())
        box[:] = (small[ice].mean() - small) / (deviation if deviation > 0.0 else 1.0)
    return Stack(boxes, inside, pixel_size_angstrom * box_px / side)


def _ice(side: int) -> BoolArray:
    away = np.hypot(*(np.indices((side, side)) - side // 2))
    ring: BoolArray = away > ICE_BEYOND * side / 2
    return ring
