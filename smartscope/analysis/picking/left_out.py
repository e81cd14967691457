"""Where in a micrograph no particle is looked for: dirt and foil, as the shipped finder sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from smartscope.analysis import registry
from smartscope.analysis.base import BoolArray, UnusableImage

DIRT_FINDER: Final = "dirt-levels"
#: more of a field is never dirt: its finder takes bright vacuum for ice and calls the ice dirt
MOST_DIRT: Final = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """`mask` (height, width) is True under dirt or foil; None where that is not known or not
    believed, and then `refusal` says why.
    """

    mask: BoolArray | None
    refusal: str = ""


def left_out(total: NDArray[np.generic], *, pixel_size_angstrom: float) -> LeftOut:
    """Of an aligned sum (height, width); the mask has its shape and a margin of one coarse pixel
    of the finder.
    """
    try:
        found = registry.dirt_finder(DIRT_FINDER).mask(
            total, pixel_size_angstrom=pixel_size_angstrom
        )
    except UnusableImage as refusal:
        return LeftOut(None, str(refusal))
    if found.fraction > MOST_DIRT:
        return LeftOut(
            None,
            f"Dirt and foil would be {100 * found.fraction:.0f} % of the field, which is not "
            "believed: vacuum may be in sight. Nothing was left out.",
        )
    grown = ndimage.binary_dilation(found.mask)
    rows, columns = (
        np.arange(side) * small // side
        for side, small in zip(total.shape, grown.shape, strict=True)
    )
    return LeftOut(np.asarray(grown[rows[:, None], columns], dtype=np.bool_))
