"""What the noise of a finer image is like, for programs that expect it white or weigh by it."""

from __future__ import annotations

import numpy as np
from scipy import fft

from smartscope.analysis.base import FloatImage
from smartscope.analysis.superresolution.result import SuperResolved
from smartscope.domain.errors import InvalidInput

#: cycles per finer pixel: beyond √2 of the movie's Nyquist frequency lie the aliases of coarse
#: detail, of which rounding leaves more than of signal
FARTHEST = 0.25 * 2.0**0.5
_LEAST_SHARE = 1e-9


def of_frequencies(tile_map: FloatImage, shape: tuple[int, int]) -> FloatImage:
    """`determined` or `precision` as an `rfft2` of a picture (height, width) has its frequencies.

    The picture has the finer image's pixels. The nearest coefficient of the tile is taken.
    """
    rows = np.rint(np.fft.fftfreq(shape[0]) * tile_map.shape[0]).astype(np.int64)
    columns = np.rint(np.fft.rfftfreq(shape[1]) * 2 * (tile_map.shape[1] - 1)).astype(np.int64)
    return np.asarray(tile_map[np.ix_(rows % tile_map.shape[0], columns)])


def whitened(found: SuperResolved) -> FloatImage:
    """The finer image (2 height, 2 width) with noise alike up to `FARTHEST`, none beyond; mean 0.

    Rings of the lens can be fitted in it and particles boxed; a coefficient of the scene comes back
    multiplied by √precision. Raises `InvalidInput` for an image of which that is not known.
    """
    if found.determined is None or found.precision is None:
        raise InvalidInput({"found": "How sure its coefficients are is not known of this image."})
    shape = (found.pixels.shape[0], found.pixels.shape[1])
    share = np.maximum(of_frequencies(found.determined, shape), _LEAST_SHARE)
    q = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1]))
    factor = np.where(q < FARTHEST, np.sqrt(of_frequencies(found.precision, shape)) / share, 0.0)
    spectrum = fft.rfft2(found.pixels - found.pixels.mean(dtype=np.float64)) * factor
    return np.asarray(fft.irfft2(spectrum, s=shape), dtype=np.float32)
