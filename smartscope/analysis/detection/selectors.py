"""One number per target on which people put limits: size, grey level, distance from the middle."""

from __future__ import annotations

from importlib.resources import files

import numpy as np

from smartscope.analysis.base import Findings, FloatArray, Image
from smartscope.analysis.detection.ice import measure_grey
from smartscope.analysis.manifest import Manifest, read_manifest

_HERE = files("smartscope.analysis.detection")


class SizeSelector:
    """Area of the outline where there is one, else of the disc, µm²."""

    def __init__(self) -> None:
        self._manifest = read_manifest(_HERE / "selector_size.toml")

    @property
    def manifest(self) -> Manifest:
        """Name, version, unit."""
        return self._manifest

    def values(self, image: Image | None, targets: Findings) -> FloatArray:
        """(N,) µm²; not a number without an image, because its pixel size is needed."""
        if image is None:
            return np.full(len(targets), np.nan)
        pixel_area = image.pixel_size_um**2
        if targets.areas_px is not None:
            return np.asarray(targets.areas_px * pixel_area)
        if targets.outlines_px:
            return np.array([polygon_area(o) for o in targets.outlines_px]) * pixel_area
        return np.asarray(np.pi * targets.radii_px**2 * pixel_area)


class GreySelector:
    """Median grey of the inner 0.6 radius, in the counts of the image."""

    def __init__(self) -> None:
        self._manifest = read_manifest(_HERE / "selector_grey.toml")

    @property
    def manifest(self) -> Manifest:
        """Name, version, unit."""
        return self._manifest

    def values(self, image: Image | None, targets: Findings) -> FloatArray:
        """(N,) counts; not a number without an image."""

        if image is None:
            return np.full(len(targets), np.nan)
        return measure_grey(image, targets.positions_px, targets.radii_px).grey


class CentreDistanceSelector:
    """Distance from the middle of the image, µm: of a hole from its square's centre."""

    def __init__(self) -> None:
        self._manifest = read_manifest(_HERE / "selector_distance.toml")

    @property
    def manifest(self) -> Manifest:
        """Name, version, unit."""
        return self._manifest

    def values(self, image: Image | None, targets: Findings) -> FloatArray:
        """(N,) µm; not a number without an image."""
        if image is None:
            return np.full(len(targets), np.nan)
        height, width = image.pixels.shape
        centre = image.stage_of((width - 1) / 2, (height - 1) / 2)
        return np.array(
            [
                image.stage_of(float(x), float(y)).distance_um(centre)
                for x, y in targets.positions_px
            ],
            dtype=np.float64,
        )


def polygon_area(outline: FloatArray) -> float:
    """Area of a closed polygon (K, 2), in the square of its unit (shoelace formula)."""
    x, y = outline[:, 0], outline[:, 1]
    return 0.5 * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))
