"""What two-dimensional class averages tell: what the picked particles look like, and which are
none.
"""

from __future__ import annotations

from dataclasses import dataclass

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClassAverages:
    """K averages of n particles, those that show most first, empty classes left out.

    `averages` float32 (K, 64, 64), particles bright, in units of one picture's noise; `counts` (K,)
    members. `scores` (K,) is the mean ring correlation, over detail finer than a quarter of the
    diameter, of two halves of a class that were aligned each by itself; `chance` (K,) the same of
    pictures with the same power and random phases. A class that does not exceed it clearly is
    `junk` (K,). `resolutions_angstrom` (K,) is where the correlation falls below 1/2, not a number
    where it never does or a class was too small to halve.

    `classes` (n,) is the class of each particle, `turns_deg` (n,) and `shifts_px` (n, 2), x and y,
    how it lies in its average: turned by so much, x towards y, after being moved back by the shift.
    """

    averages: FloatImage
    counts: IntArray
    scores: FloatArray
    chance: FloatArray
    resolutions_angstrom: FloatArray
    junk: BoolArray
    classes: IntArray
    turns_deg: FloatArray
    shifts_px: FloatArray
    pixel_size_angstrom: float

    @property
    def junk_particles(self) -> BoolArray:
        """(n,) True for members of a class that shows nothing."""
        return self.junk[self.classes]
