"""The eight ways a reference picture may lie beside the frames it belongs to."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Orientation(StrEnum):
    """How a picture is turned (anticlockwise, row 0 on top), then flipped left to right."""

    AS_IS = "as_is"
    TURNED_90 = "turned_90"
    TURNED_180 = "turned_180"
    TURNED_270 = "turned_270"
    FLIPPED = "flipped"
    TURNED_90_FLIPPED = "turned_90_flipped"
    TURNED_180_FLIPPED = "turned_180_flipped"
    TURNED_270_FLIPPED = "turned_270_flipped"


_TURNS = {orientation: (number % 4, number >= 4) for number, orientation in enumerate(Orientation)}


def oriented(picture: NDArray[np.generic], orientation: Orientation) -> NDArray[np.generic]:
    """`picture` (height, width) turned and flipped; sides change places at 90° and 270°."""
    turns, flipped = _TURNS[orientation]
    turned = np.rot90(picture, turns)
    return turned[:, ::-1] if flipped else turned
