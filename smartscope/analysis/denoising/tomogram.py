"""Tomograms with the noise taken out, from two of one thing whose noise is independent.

The two come from even and odd frames of every tilt (full angles in both, better) or from tilts
taken as even and odd (no frames needed), by one linear reconstruction and one geometry. Pictures
denoised before they are reconstructed would not do: each tilt's greys would change by themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatImage, IntArray, UnusableImage
from smartscope.analysis.denoising.tomogram_settings import TomogramNetwork
from smartscope.analysis.denoising.tomogram_wiener import wiener
from smartscope.analysis.tomography.geometry import TiltGeometry
from smartscope.domain.errors import InvalidInput

VERSION: Final = "1"
_SMALLEST_PX: Final = 16
#: of a half's own variation: less is a grey block
_FLAT: Final = 1e-4


class Denoising(StrEnum):
    """WIENER by what both share in each shell; T2T by a network taught on the two themselves."""

    WIENER = "wiener"
    T2T = "t2t"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DenoisedTomogram:
    """`volume` float32 (depth, height, width), in the density of the two's mean; for eyes and for
    finding things.
    """

    volume: FloatImage
    pixel_size_angstrom: float
    method: Denoising
    version: str = VERSION

    def __array__(self, *_: object, **__: object) -> NoReturn:
        """Refuses to become numbers that something measures; `volume` says that one means it."""
        raise TypeError("A denoised tomogram is for eyes; measure on the halves' own volumes.")


def denoise_tomogram(
    even: NDArray[np.generic],
    odd: NDArray[np.generic],
    *,
    pixel_size_angstrom: float,
    method: Denoising = Denoising.WIENER,
    network: TomogramNetwork | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> DenoisedTomogram:
    """One volume of two (depth, height, width); `progress` is told of batches done and in all.

    Raises `UnusableImage` for a pair that is none or empty, `InvalidInput` where a network is
    wanted and torch is not installed.
    """
    one, other = _pair(even, odd)
    if method is Denoising.WIENER:
        volume = wiener(one, other, pixel_size_angstrom=pixel_size_angstrom)
    else:
        try:
            from smartscope.analysis.denoising.tomogram_fit import taught_and_applied
        except ModuleNotFoundError as error:
            raise InvalidInput(
                {
                    "method": "Teaching a network needs torch, which is not installed; install "
                    "requirements-train.txt, or choose wiener."
                }
            ) from error
        settings = network or TomogramNetwork()
        volume = taught_and_applied(one, other, settings, seed=seed, progress=progress)
    if not np.isfinite(volume).all() or float(volume.std()) < _FLAT * float(one.std()):
        raise UnusableImage("Nothing but noise was left of the tomogram; look at the halves.")
    return DenoisedTomogram(volume=volume, pixel_size_angstrom=pixel_size_angstrom, method=method)


def by_acquisition(geometry: TiltGeometry) -> tuple[IntArray, IntArray]:
    """Numbers of the tilts taken as even and as odd; by angle where nobody wrote down when."""
    dose = geometry.dose_before_e_per_a2
    order = np.argsort(geometry.angles_deg if dose is None else dose, kind="stable")
    return np.sort(order[0::2]), np.sort(order[1::2])


def _pair(even: NDArray[np.generic], odd: NDArray[np.generic]) -> tuple[FloatImage, FloatImage]:
    if even.shape != odd.shape or even.ndim != 3 or min(even.shape) < _SMALLEST_PX:
        raise UnusableImage(
            f"Two volumes of one shape of at least {_SMALLEST_PX} voxels a side are wanted, not "
            f"{even.shape} and {odd.shape}."
        )
    one, other = (np.asarray(each, dtype=np.float32) for each in (even, odd))
    for name, volume in (("even", one), ("odd", other)):
        if not np.isfinite(volume).all() or float(volume.std()) < _FLAT * float(one.std()):
            raise UnusableImage(f"The {name} half is empty or not finite; reconstruct it again.")
    if np.array_equal(one, other):
        raise UnusableImage("Both halves are the same volume; their noise must be independent.")
    return one, other
