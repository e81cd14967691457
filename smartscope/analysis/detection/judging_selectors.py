"""Numbers that judge a target rather than measure it: ice thickness, class."""

from __future__ import annotations

from importlib.resources import files

import numpy as np

from smartscope.analysis.base import FindContext, Findings, FloatArray, Image
from smartscope.analysis.detection.ice import (
    VacuumReference,
    measure_grey,
    thickness_nm,
    vacuum_reference,
)
from smartscope.analysis.manifest import Manifest, read_manifest

_HERE = files("smartscope.analysis.detection")


class IceSelector:
    """Ice thickness of each target, nm, by λ ln(I₀/I) with λ of 300 kV without an energy filter."""

    def __init__(self) -> None:
        self._manifest = read_manifest(_HERE / "selector_ice.toml")

    @property
    def manifest(self) -> Manifest:
        """Name, version, unit."""
        return self._manifest

    def values(self, image: Image | None, targets: Findings) -> FloatArray:
        """(N,) nm; not a number without an image or where nothing in it shows the vacuum."""
        nothing = np.full(len(targets), np.nan)
        if image is None or len(targets) == 0:
            return nothing
        context = FindContext()
        greys = measure_grey(image, targets.positions_px, targets.radii_px)
        radius_px = float(np.median(targets.radii_px))
        vacuum = vacuum_reference(image, greys.grey, radius_px, context)
        if not isinstance(vacuum, VacuumReference):
            return nothing
        return np.array(
            [
                thickness_nm(float(grey), float(error), vacuum, context)[0]
                for grey, error in zip(greys.grey, greys.relative_error, strict=True)
            ],
            dtype=np.float64,
        )


class ClassSelector:
    """The most probable label as a number, so that a limit can be put on classes too."""

    def __init__(self) -> None:
        self._manifest = read_manifest(_HERE / "selector_class.toml")

    @property
    def manifest(self) -> Manifest:
        """Name, version, unit."""
        return self._manifest

    def values(self, image: Image | None, targets: Findings) -> FloatArray:
        """(N,) 1 for the finder's first label, 2 for its second, ...; the image is not needed."""
        if len(targets) == 0:
            return np.empty(0)
        return np.asarray(targets.probabilities.argmax(axis=1) + 1, dtype=np.float64)
