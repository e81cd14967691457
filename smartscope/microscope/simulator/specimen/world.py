"""A grid as a world: everything on it is a pure function of its seed and a stage position."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from smartscope.microscope.simulator.specimen.attenuation import Attenuation, attenuation
from smartscope.microscope.simulator.specimen.contamination import contaminants_of, dirt_in
from smartscope.microscope.simulator.specimen.film import Film
from smartscope.microscope.simulator.specimen.mesh import Mesh
from smartscope.microscope.simulator.specimen.rendering import STRIP_PX, Scene, render
from smartscope.microscope.simulator.specimen.spec import SpecimenSpec
from smartscope.microscope.simulator.specimen.values import (
    Box,
    Contaminant,
    PastExposure,
    Patch,
    Pose,
)


class Specimen:
    """One grid. Cheap to make; what it answers depends on the spec and the question alone."""

    def __init__(self, spec: SpecimenSpec) -> None:
        self.spec = spec
        self.seed = spec.seed
        self.mesh = Mesh.place(spec.mesh, spec.seed)
        self.film = Film.place(spec.film, spec.seed)

    def render(
        self,
        pose: Pose,
        shape: tuple[int, int],
        pixel_size_um: float,
        *,
        attenuation: Attenuation = attenuation(),
        earlier: Sequence[PastExposure] = (),
        hours_in_column: float = 0.0,
        strip_px: int = STRIP_PX,
    ) -> Patch:
        """The specimen at `pose` in (height, width) pixels, after `earlier` exposures."""
        scene = Scene(
            self.spec, self.mesh, self.film, attenuation, tuple(earlier), hours_in_column
        )
        return render(scene, pose, shape, pixel_size_um, strip_px=strip_px)

    def contaminants(self, box: Box, r_min_um: float) -> list[Contaminant]:
        """Dirt with its centre in `box` and a radius of at least `r_min_um`."""
        return contaminants_of(dirt_in(self.spec, self.mesh, box, r_min_um))
