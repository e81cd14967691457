"""Whether even and odd frames agree on detail that the movie's pixels alone do not show."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from smartscope.analysis.base import FloatImage
from smartscope.analysis.resolution.shells import pair_of_spectra, shells_of
from smartscope.analysis.superresolution.result import CannotSuperResolve
from smartscope.analysis.superresolution.tiles import interior

#: where halves are compared, cycles per pixel of the movie: beyond, the aliases of coarse detail
#: lie, a thousand times as strong, of which a little leaks into both halves alike
_RING: Final = (0.5, math.sqrt(0.5))


def beyond_nyquist(even: FloatImage, odd: FloatImage) -> tuple[float, float]:
    """Correlation of the halves between the movie's Nyquist circle and its corner, and its z.

    The rim is left out: what motion carried across the frame's edge is wrong in both alike.
    """
    inner = interior(even)
    shells = shells_of(inner.shape, pixel_size_angstrom=0.5)
    one, other = pair_of_spectra(inner, interior(odd))
    far = (shells.k_per_angstrom > _RING[0]) & (shells.k_per_angstrom <= _RING[1])
    cross = float(shells.total((one * other.conj()).real)[far].sum())
    power = [float(shells.total(np.abs(each) ** 2)[far].sum()) for each in (one, other)]
    if min(power) <= 0.0:
        raise CannotSuperResolve("The finer image is empty beyond the movie's Nyquist frequency.")
    found = cross / float(np.sqrt(power[0] * power[1]))
    return found, found * float(np.sqrt(2.0 * shells.independent()[far].sum()))
