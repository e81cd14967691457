"""How like the truth pictures are, ring by ring, and the filters that denoisers must beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from benchmarks.topaz_program import topaz_denoised
from smartscope.analysis.resolution.correlation import fsc

Image = NDArray[np.float32]
Floats = NDArray[np.float64]

#: Å; rings of k between neighbouring pairs
EDGES_ANGSTROM: Final = (300.0, 200.0, 140.0, 100.0, 70.0, 50.0, 35.0, 25.0, 18.0, 14.0, 10.0)
GAUSSIANS_ANGSTROM: Final = (2.0, 5.0, 10.0, 20.0, 40.0)
MEDIANS_PX: Final = (3, 7)
KINDS: Final = ("Gaussian", "median", "Topaz-Denoise")


def bands(edges_angstrom: tuple[float, ...] = EDGES_ANGSTROM) -> list[tuple[float, float]]:
    """(from, to) in Å⁻¹."""
    return [(1 / coarse, 1 / fine) for coarse, fine in pairwise(edges_angstrom)]


def likeness(image: Image, truth: Image, pixel_angstrom: float) -> Floats:
    """Ring correlation of two pictures, its mean over the coefficients of each band."""
    curve = fsc(tapered(image), tapered(truth), pixel_size_angstrom=pixel_angstrom)
    found = []
    for low, high in bands():
        ring = (curve.k_per_angstrom > low) & (curve.k_per_angstrom <= high)
        found.append(float(np.average(curve.values[ring], weights=curve.counts[ring])))
    return np.array(found)


def tapered(image: Image) -> Image:
    """Without mean, falling to 0 at its rim, so smoothly that no ring leaks into its neighbours."""
    window = np.outer(*(signal.windows.hann(side) for side in image.shape))
    plain = (image - image.mean(dtype=np.float64)) * window
    return np.asarray(plain, dtype=np.float32)


def rival_filters(
    pixel_angstrom: float, topaz: str | None
) -> Mapping[str, Callable[[Image], Image]]:
    """Gaussians and medians of several sizes, by name; Topaz-Denoise where its program is given."""

    def gaussian(sigma_angstrom: float) -> Callable[[Image], Image]:
        def smooth(image: Image) -> Image:
            return np.asarray(ndimage.gaussian_filter(image, sigma_angstrom / pixel_angstrom))

        return smooth

    def median(side_px: int) -> Callable[[Image], Image]:
        def smooth(image: Image) -> Image:
            return np.asarray(ndimage.median_filter(image, side_px))

        return smooth

    def by_topaz(image: Image) -> Image:
        return topaz_denoised(str(topaz), image, pixel_angstrom)

    gaussians = {f"Gaussian {sigma:g} Å": gaussian(sigma) for sigma in GAUSSIANS_ANGSTROM}
    medians = {f"median {side} px": median(side) for side in MEDIANS_PX}
    return {**gaussians, **medians, **({"Topaz-Denoise": by_topaz} if topaz else {})}


@dataclass(frozen=True, slots=True)
class Rivals:
    """The Gaussian and the median that are best over all bands together, and what else is a rival:
    by name and band.
    """

    names: tuple[str, ...]
    curves: Floats

    @classmethod
    def of(cls, names: Sequence[str], found: Floats) -> Rivals:
        """`found` (pictures, filters, bands), chosen with hindsight."""
        curves = found.mean(axis=0)
        whole = curves.mean(axis=1)
        chosen = []
        for kind in KINDS:
            own = [n for n, name in enumerate(names) if name.startswith(kind)]
            if own:
                chosen.append(max(own, key=lambda n: float(whole[n])))
        return cls(tuple(names[n] for n in chosen), curves[chosen])

    def best(self, band: int) -> tuple[float, str]:
        """Of a band: how good, and which."""
        number = int(self.curves[:, band].argmax())
        return float(self.curves[number, band]), self.names[number]


def slope(truth: Image, image: Image) -> float:
    """What the truth rises by where the picture rises by one; rims left out."""
    inside = (slice(48, -48), slice(48, -48))
    one = image[inside].astype(np.float64) - float(image[inside].mean())
    other = truth[inside].astype(np.float64) - float(truth[inside].mean())
    return float((one * other).sum() / (one * one).sum())
