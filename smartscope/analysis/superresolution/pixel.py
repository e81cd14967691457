"""How a pixel blurs, against pixels of half its side."""

from __future__ import annotations

import numpy as np

from smartscope.analysis.base import FloatArray


def pixel_transfer(q: FloatArray) -> FloatArray:
    """Along one axis, q in cycles per pixel: sinc q / sinc (q/2) = cos πq/2.

    A pixel integrates over its side; so does the finer one, whose image is wanted.
    """
    return np.asarray(np.cos(0.5 * np.pi * q))
