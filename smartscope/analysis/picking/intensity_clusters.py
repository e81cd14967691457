"""Particles by grey level alone, every intermediate picture at hand; see `intensity_steps`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import BoolArray, FloatArray, IntArray
from smartscope.analysis.manifest import Manifest, read_manifest
from smartscope.analysis.picking import intensity_steps as step
from smartscope.analysis.picking.diameter import measured_diameter
from smartscope.analysis.picking.intensity_steps import Component, Parameters
from smartscope.analysis.picking.matched import NO_SIZE, coarse_micrograph, none_found
from smartscope.analysis.picking.picks import Picks
from smartscope.analysis.picking.prepared import Prepared, prepared

NO_CLUSTER: Final = (
    "No cluster of grey has the particle's area and roundness; check the diameter, or take the "
    "matched picker."
)
DEFAULT: Final = Parameters()


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Every intermediate picture (height, width) in the order made, by name; the clusters, 1 the
    darkest; the cleaned mask; and what is left.
    """

    pictures: dict[str, FloatArray]
    clusters: IntArray
    mask: BoolArray
    components: list[Component]


class IntensityClusterPicker:
    """The baseline as a plug-in; scores are roundness, which orders little."""

    def __init__(self, parameters: Parameters = DEFAULT) -> None:
        here = files("smartscope.analysis.picking")
        self._manifest = read_manifest(here / "intensity_clusters.toml")
        self._parameters = parameters

    @property
    def manifest(self) -> Manifest:
        """Name, version, declared duration."""
        return self._manifest

    def pick(
        self,
        total: NDArray[np.generic],
        *,
        pixel_size_angstrom: float,
        diameter_angstrom: float | None = None,
        dirt: BoolArray | None = None,
    ) -> Picks:
        """See `Picker`. The documented text has no size of its own; ours is measured."""
        spread = None
        if diameter_angstrom is None:
            coarse = coarse_micrograph(total, pixel_size_angstrom=pixel_size_angstrom, dirt=dirt)
            measured = measured_diameter([coarse])
            if measured is None:
                return none_found(None, NO_SIZE)
            diameter_angstrom, spread = measured.angstrom, measured.spread_angstrom
        micrograph = prepared(
            total,
            pixel_size_angstrom=pixel_size_angstrom,
            particle_angstrom=diameter_angstrom,
            dirt=dirt,
        )
        found = steps(micrograph, diameter_angstrom, self._parameters).components
        found = [each for each in found if micrograph.seen[round(each.y_px), round(each.x_px)]]
        if not found:
            return none_found(diameter_angstrom, NO_CLUSTER)
        found.sort(key=lambda each: -each.roundness)
        return Picks(
            centres_px=micrograph.given_px(np.array([(each.x_px, each.y_px) for each in found])),
            scores=np.array([each.roundness for each in found]),
            threshold=self._parameters.least_roundness,
            diameter_angstrom=diameter_angstrom,
            diameter_spread_angstrom=spread,
        )


def steps(micrograph: Prepared, diameter_angstrom: float, given: Parameters = DEFAULT) -> Steps:
    """All steps on a prepared micrograph."""
    radius = diameter_angstrom / 2.0 / micrograph.pixel_size_angstrom
    disc_area = math.pi * radius**2
    pictures: dict[str, FloatArray] = {}
    picture = pictures["grey"] = step.grey(micrograph.pixels.astype(np.float64))
    picture = pictures["contrast stretched"] = step.stretched(picture, given)
    picture = pictures["gamma"] = step.gamma_corrected(picture, given)
    picture = pictures["equalised"] = step.equalised(picture)
    picture = pictures["Wiener"] = step.wiener(picture, given)
    picture = pictures["equalised again"] = step.equalised(picture)
    for number, limit in enumerate(given.clip_limits, start=1):
        picture = pictures[f"CLAHE {number}"] = step.locally_equalised(picture, limit)
    picture = pictures["blurred"] = step.blurred(picture, given)
    picture = pictures["total variation"] = step.without_variation(picture, given)
    picture = pictures["closed"] = step.closed(picture, given)
    clusters = step.clustered(picture, given)
    mask = step.cleaned(clusters, given, disc_area)
    return Steps(pictures, clusters, mask, step.components(mask, given, disc_area))
