"""Where in a micrograph no particle is looked for: dirt and foil, as the shipped finder sees it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis import registry
from smartscope.analysis.base import BoolArray, UnusableImage

DIRT_FINDER: Final = "dirt-levels"
#: more of a field is never dirt: its finder takes bright vacuum for ice and calls the ice dirt
MOST_DIRT: Final = 0.6


def left_out(total: NDArray[np.generic], *, pixel_size_angstrom: float) -> BoolArray | None:
    """(height, width), True under dirt or foil; None where that is not known or not believed."""
    try:
        found = registry.dirt_finder(DIRT_FINDER).mask(
            total, pixel_size_angstrom=pixel_size_angstrom
        )
    except UnusableImage:
        return None
    if found.fraction > MOST_DIRT:
        return None
    rows, columns = (
        np.arange(side) * small // side
        for side, small in zip(total.shape, found.mask.shape, strict=True)
    )
    return np.asarray(found.mask[rows[:, None], columns], dtype=np.bool_)
