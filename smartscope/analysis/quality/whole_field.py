"""Dirt or foil that fills the whole field: no grey level stands out, but its class is told."""

from __future__ import annotations

from typing import Final

import numpy as np

from smartscope.analysis.quality.assessor import Quality
from smartscope.analysis.quality.classes import ExposureClass
from smartscope.analysis.quality.mask import DirtMask

#: a field is all dirt or foil where these are so probable, and less than this of it stands out
SURE: Final = 0.7
NOTHING_STANDS_OUT: Final = 0.02


def with_whole_fields(found: DirtMask, seen: Quality) -> DirtMask:
    """`found`, or everything, where a field that shows nothing darker than the rest is surely dirt
    or foil. Limits alone are never so sure.
    """
    sure = seen.probabilities[ExposureClass.FOIL] + seen.probabilities[ExposureClass.CONTAMINATED]
    if sure < SURE or found.fraction >= NOTHING_STANDS_OUT:
        return found
    return DirtMask(np.ones_like(found.mask), found.pixel_size_angstrom)
