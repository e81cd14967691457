"""Binned and unbinned pixels of the areas: SerialEM's camera matrices are always unbinned."""

from __future__ import annotations

from smartscope.microscope.simulator.scope import Scope
from smartscope.microscope.values import Area


def binning(scope: Scope, area: Area) -> float:
    """How many camera pixels make one image pixel in each direction, in an area."""
    widest = max(scope.area(each).camera.width_px for each in Area)
    ratio = widest / scope.area(area).camera.width_px
    return ratio if ratio == int(ratio) else 1.0


def unbinned_pixel_um(scope: Scope, area: Area) -> float:
    """A camera pixel on the specimen (µm), as calibrated."""
    return scope.area(area).pixel_size_um / binning(scope, area)
