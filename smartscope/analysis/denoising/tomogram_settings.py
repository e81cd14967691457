"""How a network for tomograms is built and taught; no torch is needed to say it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TomogramNetwork:
    """`widths` are channels of the levels of a 3-D U-Net; a batch holds so many cubes of
    `patch_px` a side, drawn anew for each of `steps`.

    Either half may be the input, and cubes come mirrored in z, y and x: that keeps the missing
    wedge where it is, as quarter turns would not.
    """

    widths: tuple[int, ...] = (16, 32, 64)
    patch_px: int = 64
    batch: int = 16
    steps: int = 7500
    rate: float = 4e-4
