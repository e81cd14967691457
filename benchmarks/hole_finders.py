"""Which hole finders a benchmark compares: every one the registry has for films with holes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.scenes import SquareScene
from smartscope.analysis import registry
from smartscope.analysis.base import FindContext, Finder, Findings, Image
from smartscope.analysis.detection.hole_placing import HOLE_LABELS


def hole_finders() -> tuple[tuple[Finder, ...], tuple[str, ...]]:
    """Finders of holes on a lattice by name, and a sentence for each that cannot be loaded."""
    present, absent = registry.survey()
    finders = tuple(
        plugin
        for plugin in present
        if isinstance(plugin, Finder) and plugin.manifest.label_keys() == HOLE_LABELS
    )
    return finders, tuple(entry.reason for entry in absent if "hole" in entry.name)


def found_holes(finder: Finder, image: Image, context: FindContext) -> NDArray[np.float64]:
    """(N, 2) centres in px that the finder offers for exposure: not those off the lattice."""
    return kept_holes(finder.find(image, context))


def kept_holes(found: Findings) -> NDArray[np.float64]:
    """(N, 2) centres in px of findings that are not off the lattice."""
    if len(found) == 0:
        return np.empty((0, 2))
    on = found.probabilities.argmax(axis=1) != found.labels.index("off_lattice")
    return np.asarray(found.positions_px[on])


def without_lattice(scene: SquareScene) -> NDArray[np.float64]:
    """Baseline: difference of Gaussians at the declared radius, maxima above Otsu-like half
    height.
    """
    return discs(scene.image, (scene.context.hole_diameter_um or 1.0) / scene.image.pixel_size_um)


def discs(image: Image, diameter_px: float) -> NDArray[np.float64]:
    """(N, 2) maxima of a difference of Gaussians for holes of one diameter in px."""
    radius = diameter_px / 2
    band = ndimage.gaussian_filter(image.pixels, 0.6 * radius)
    band = band - ndimage.gaussian_filter(image.pixels, radius)
    peak = (band == ndimage.maximum_filter(band, size=2 * int(1.5 * radius) + 1)) & (band > 0)
    rows, columns = np.nonzero(peak)
    heights = band[rows, columns]
    if not len(heights):
        return np.empty((0, 2))
    kept = heights > 0.5 * np.percentile(heights, 90)
    return np.column_stack([columns[kept], rows[kept]]).astype(np.float64)
