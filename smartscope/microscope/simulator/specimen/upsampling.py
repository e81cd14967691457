"""Slow fields are computed at block centres of an image-aligned lattice and joined bilinearly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_BLOCK_UM = 1.1
MAX_BLOCK_PX = 8


def block_size_px(pixel_size_um: float) -> int:
    """The largest of 8, 4, 2, 1 pixels whose block stays within 1.1 µm, finer than any slow
    field.
    """
    block = MAX_BLOCK_PX
    while block > 1 and block * pixel_size_um > MAX_BLOCK_UM:
        block //= 2
    return block


def _weights(first: int, count: int, block: int) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Block-centre pixel positions and the (count, blocks) matrix that joins them linearly."""
    low = (first // block) - 1
    high = (first + count - 1) // block + 1
    centres = (np.arange(low, high + 1, dtype=np.float64) + 0.5) * block - 0.5
    position = (np.arange(first, first + count) - centres[0]) / block
    index = np.floor(position).astype(np.int64)
    matrix = np.zeros((count, centres.size), dtype=np.float32)
    rows = np.arange(count)
    matrix[rows, index] = 1.0 - (position - index)
    matrix[rows, index + 1] = position - index
    return centres, matrix


@dataclass(frozen=True, slots=True)
class BlockLattice:
    """The lattice under rows [first_row, first_row + rows) of an image of `width` pixels."""

    x_px: NDArray[np.float64]
    y_px: NDArray[np.float64]
    down: NDArray[np.float32]
    across: NDArray[np.float32]

    @classmethod
    def under(cls, first_row: int, rows: int, width: int, block: int) -> BlockLattice:
        """Lattice positions do not depend on how the image is cut into strips."""
        y_px, down = _weights(first_row, rows, block)
        x_px, across = _weights(0, width, block)
        return cls(x_px, y_px, down, np.ascontiguousarray(across.T))

    def up(self, field: NDArray[np.float64]) -> NDArray[np.float32]:
        """A field given at (y_px, x_px) for every pixel of the strip, float32."""
        joined: NDArray[np.float32] = (self.down @ field.astype(np.float32)) @ self.across
        return joined
