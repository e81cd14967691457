"""The dirt finder that needs no weights."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.manifest import Manifest, read_manifest
from smartscope.analysis.quality.mask import DirtMask, level_mask, small_picture


class LevelDirtFinder:
    """Dirt and foil by grey level; cannot tell foil that fills the whole field from ice."""

    def __init__(self) -> None:
        self._manifest = read_manifest(files("smartscope.analysis.quality") / "dirt_levels.toml")

    @property
    def manifest(self) -> Manifest:
        """Name, version, declared duration."""
        return self._manifest

    def mask(self, total: NDArray[np.generic], *, pixel_size_angstrom: float) -> DirtMask:
        """See `DirtFinder`."""
        image, pixel = small_picture(total, pixel_size_angstrom)
        return DirtMask(level_mask(image, pixel), pixel)
