"""Cryo-CARE (Buchholz et al. 2019): a network taught by pairs of noisy pictures, never by truth.

It restores each half by itself; the answer is what both halves prove of the mean of its outputs.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatImage
from smartscope.analysis.denoising.denoised import DenoisedImage
from smartscope.analysis.denoising.halves import Halves
from smartscope.analysis.denoising.restoring import restored
from smartscope.analysis.denoising.tiles import run_in_tiles
from smartscope.analysis.manifest import Manifest, read_manifest
from smartscope.analysis.networks.network import Trained, chosen

HERE: Final = files("smartscope.analysis.denoising")


class CareDenoiser:
    """A U-Net on both members of a pair, its mean output weighed ring by ring with the raw sum.

    The graph takes and gives (N, 1, h, w) in units of the noise, sides divisible by 4.
    """

    def __init__(self, trained: Trained | None = None) -> None:
        """With the shipped weights, or tuned ones; raises `UnusableWeights` without any."""
        self._manifest, self._network = chosen(read_manifest(HERE / "care.toml"), HERE, trained)
        self._tuned = trained is not None

    @property
    def manifest(self) -> Manifest:
        """Name, version, declared duration and the network's checksum."""
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
        pixels = restored(halves, self.restore, pixel_size_angstrom=pixel_size_angstrom)
        return DenoisedImage(
            pixels=pixels,
            pixel_size_angstrom=pixel_size_angstrom,
            method=self._manifest.name,
            version=self._manifest.version,
            tuned=self._tuned,
        )

    def restore(self, member: FloatImage) -> FloatImage:
        """What the network alone makes of one member; see `members`."""
        return run_in_tiles(self._network, member)
