"""Lacey carbon: strands along the zero lines of a smooth field, voids between them.

A place is film where abs(n) < 0.18 + 0.1 n', with n and n' smooth unit noise (assumed): strands of
some hundred nanometres round voids of 0.1 to 10 µm, each with its own sheet of ice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartscope.microscope.simulator.specimen.hashing import Channel
from smartscope.microscope.simulator.specimen.noise import smooth

CELL_UM = 2.0
WIDTH_CELL_UM = 3.0
HALF_WIDTH, WIDTH_SPREAD = 0.18, 0.1
#: a strand does not thin out to nothing
LEAST_HALF_WIDTH = 0.05
#: ice in a void relative to the sheet: between a hole's centre and its rim
ICE_IN_VOID = 0.85
#: of the area, where nothing is torn; measured on three grids of 0.09 mm², checked by a test
VOID_FRACTION = 0.850
_DIFFERENCE_UM = 0.02
_LEAST_SLOPE = 0.05

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Strands:
    """The film of one grid, from its seed."""

    seed: int

    def depth_um(self, x_um: Floats, y_um: Floats) -> Floats:
        """Distance to the strand's edge at stage points, µm: positive in film, negative in a void.

        To first order, field over slope: good near edges, too large far from them.
        """
        field, half_width, slope = self.fields(x_um, y_um)
        depth: Floats = (half_width - np.abs(field)) / slope
        return depth

    def fields(self, x_um: Floats, y_um: Floats) -> tuple[Floats, Floats, Floats]:
        """The field, the half-width of film in its units, and its slope per µm: all three smooth,
        so that they may be joined between points, as the depth with its ridge may not.
        """
        field = self._field(x_um, y_um)
        slope_x = self._field(x_um + _DIFFERENCE_UM, y_um) - field
        slope_y = self._field(x_um, y_um + _DIFFERENCE_UM) - field
        slope = np.hypot(slope_x, slope_y) / _DIFFERENCE_UM
        width = smooth(self.seed, Channel.LACEY_WIDTH, x_um, y_um, WIDTH_CELL_UM)
        half_width = np.maximum(HALF_WIDTH + WIDTH_SPREAD * width, LEAST_HALF_WIDTH)
        return field, half_width, np.maximum(slope, _LEAST_SLOPE)

    def _field(self, x_um: Floats, y_um: Floats) -> Floats:
        return smooth(self.seed, Channel.LACEY, x_um, y_um, CELL_UM)
