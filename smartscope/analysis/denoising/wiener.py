"""The denoiser that needs no network: what both halves share, ring by ring."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.denoising.denoised import DenoisedImage
from smartscope.analysis.denoising.halves import Halves
from smartscope.analysis.denoising.restoring import linear
from smartscope.analysis.manifest import Manifest, read_manifest


class WienerDenoiser:
    """A Wiener filter by the ring correlation of both halves; linear, so it invents nothing."""

    def __init__(self) -> None:
        self._manifest = read_manifest(files("smartscope.analysis.denoising") / "wiener.toml")

    @property
    def manifest(self) -> Manifest:
        """Name, version, declared duration."""
        return self._manifest

    def denoise(
        self,
        even: NDArray[np.generic],
        odd: NDArray[np.generic],
        *,
        pixel_size_angstrom: float,
    ) -> DenoisedImage:
        """See `Denoiser`."""
        halves = Halves.of(even, odd, pixel_size_angstrom=pixel_size_angstrom)
        return DenoisedImage(
            pixels=linear(halves),
            pixel_size_angstrom=pixel_size_angstrom,
            method=self._manifest.name,
            version=self._manifest.version,
        )
