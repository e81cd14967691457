"""The two members of a pair as a network sees them: pixels of 4 Å, no shade, noise of size one.

One pixel size and one size of noise make one network serve every magnification and dose: it
learns how large a signal stands over noise that it knows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from smartscope.analysis.base import FloatImage
from smartscope.analysis.denoising.halves import Halves
from smartscope.analysis.io.fourier_crop import crop_to, smooth_shape

#: what is finer than twice this no network restores: single pictures hold nothing there
WORKING_ANGSTROM: Final = 4.0
#: a median deviation of a Gaussian, in standard deviations
_MAD: Final = 1.4826


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """`even` and `odd` float32 (height, width), independent noise of standard deviation 1 in each.

    A member times `noise` is in counts of that half.
    """

    even: FloatImage
    odd: FloatImage
    noise: float


def in_units_of_noise(even: FloatImage, odd: FloatImage) -> Members | None:
    """Members of two halves without shade, of one shape; None where they do not differ."""
    apart = even - odd
    noise = _MAD * float(np.median(np.abs(apart - np.median(apart)))) / math.sqrt(2.0)
    if not noise > 0.0:
        return None
    scale = np.float32(1.0 / noise)
    return Members(scale * even, scale * odd, noise)


def members_of(halves: Halves, *, pixel_size_angstrom: float) -> Members | None:
    """Both halves as a network sees them; None where they do not differ."""
    shape = working_shape((halves.even.shape[0], halves.even.shape[1]), pixel_size_angstrom)
    return in_units_of_noise(crop_to(halves.even, shape), crop_to(halves.odd, shape))


def working_shape(shape: tuple[int, int], pixel_size_angstrom: float) -> tuple[int, int]:
    """The shape that a picture has in pixels of about 4 Å; its own where they are coarser."""
    factor = pixel_size_angstrom / WORKING_ANGSTROM
    return shape if factor >= 1.0 else smooth_shape(shape, factor)
