"""What a picker answers: where particles are, how sure, how large, and why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import BoolArray, FloatArray, Plugin


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picks:
    """Particles of one image, best first.

    `centres_px` is (n, 2): x right and y down from the centre of the first pixel of the image as it
    was given. `scores` is (n,), higher is surer; what scores `threshold` or more counts as picked,
    the rest is there for a slider. `diameter_angstrom` is None where nothing told a size, its
    `diameter_spread_angstrom` None where a person gave it; `other_diameter_angstrom` is a second
    size the image could hold. `reason` is a sentence where there are none or their count is in
    doubt, else empty.
    """

    centres_px: FloatArray
    scores: FloatArray
    threshold: float
    diameter_angstrom: float | None
    diameter_spread_angstrom: float | None = None
    other_diameter_angstrom: float | None = None
    reason: str = ""

    @property
    def count(self) -> int:
        """How many are sure enough."""
        return int(np.count_nonzero(self.scores >= self.threshold))


@runtime_checkable
class Picker(Plugin, Protocol):
    """Finds particles without being shown any."""

    def pick(
        self,
        total: NDArray[np.generic],
        *,
        pixel_size_angstrom: float,
        diameter_angstrom: float | None = None,
        dirt: BoolArray | None = None,
    ) -> Picks:
        """`total` (height, width) is an aligned sum with dark particles; `dirt`, of the same shape,
        is True where no particle is looked for.

        Raises `UnusableImage`, with a sentence for people, where nothing can be looked at.
        """
        ...
