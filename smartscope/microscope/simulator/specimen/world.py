"""A grid as a world: everything on it is a pure function of its seed and a stage position."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from smartscope.microscope.simulator.specimen.attenuation import UNFILTERED_300KV, Attenuation
from smartscope.microscope.simulator.specimen.contamination import contaminants_of, dirt_in
from smartscope.microscope.simulator.specimen.fate import (
    DAMAGE_BROKEN,
    DAMAGE_CRACKED,
    DAMAGE_EMPTY,
    DAMAGE_NONE,
    square_fates,
)
from smartscope.microscope.simulator.specimen.film import Film
from smartscope.microscope.simulator.specimen.film_state import film_at
from smartscope.microscope.simulator.specimen.height import film_height_um
from smartscope.microscope.simulator.specimen.holes import hole_table
from smartscope.microscope.simulator.specimen.ice import sheet_ice_nm
from smartscope.microscope.simulator.specimen.ice_sites import ice_of_square
from smartscope.microscope.simulator.specimen.labels import (
    SquareTraits,
    label_square,
    measure_square,
)
from smartscope.microscope.simulator.specimen.mesh import DISC_RADIUS_UM, Mesh
from smartscope.microscope.simulator.specimen.particles import particles_in
from smartscope.microscope.simulator.specimen.rendering import STRIP_PX, Scene, render
from smartscope.microscope.simulator.specimen.spec import SpecimenSpec
from smartscope.microscope.simulator.specimen.values import (
    Box,
    Contaminant,
    Damage,
    Hole,
    Particle,
    PastExposure,
    Patch,
    Pose,
    Square,
)

_DAMAGES = {
    DAMAGE_NONE: Damage.NONE,
    DAMAGE_CRACKED: Damage.CRACKED,
    DAMAGE_BROKEN: Damage.BROKEN,
    DAMAGE_EMPTY: Damage.EMPTY,
}


class Specimen:
    """One grid. Cheap to make; what it answers depends on the spec and the question alone."""

    def __init__(self, spec: SpecimenSpec) -> None:
        self.spec = spec
        self.seed = spec.seed
        self.mesh = Mesh.place(spec.mesh, spec.seed)
        self.film = Film.place(spec.film, spec.seed)
        self._squares: dict[tuple[int, int], Square] = {}

    def render(
        self,
        pose: Pose,
        shape: tuple[int, int],
        pixel_size_um: float,
        *,
        attenuation: Attenuation = UNFILTERED_300KV,
        earlier: Sequence[PastExposure] = (),
        hours_in_column: float = 0.0,
        strip_px: int = STRIP_PX,
    ) -> Patch:
        """The specimen at `pose` in (height, width) pixels, after `earlier` exposures."""
        scene = Scene(self.spec, self.mesh, self.film, attenuation, tuple(earlier), hours_in_column)
        return render(scene, pose, shape, pixel_size_um, strip_px=strip_px)

    def contaminants(self, box: Box, r_min_um: float) -> list[Contaminant]:
        """Dirt on film with its centre in `box` and a radius of at least `r_min_um`."""
        return contaminants_of(
            [
                dirt.chosen(
                    film_at(self.spec, self.mesh, dirt.x_um, dirt.y_um, np.zeros(dirt.x_um.size))[2]
                )
                for dirt in dirt_in(self.spec, self.mesh, box, r_min_um)
                if dirt.x_um.size
            ]
        )

    def squares(self, box: Box) -> list[Square]:
        """Squares whose centre lies in `box` and on the grid's disc; measured once, then
        remembered.
        """
        pitch = self.mesh.spec.pitch_um
        reach = 0.75 * max(box.x_max_um - box.x_min_um, box.y_max_um - box.y_min_um) + pitch
        u, v = self.mesh.to_mesh(
            (box.x_min_um + box.x_max_um) / 2, (box.y_min_um + box.y_max_um) / 2
        )
        found = []
        for i in range(math.floor((u - reach) / pitch), math.ceil((u + reach) / pitch) + 1):
            for j in range(math.floor((v - reach) / pitch), math.ceil((v + reach) / pitch) + 1):
                x, y = (float(c) for c in self.mesh.to_stage(i * pitch, j * pitch))
                if box.contains(x, y) and math.hypot(x, y) < DISC_RADIUS_UM:
                    found.append(self.square(i, j))
        return found

    def square(self, i: int, j: int) -> Square:
        """Square (i, j), measured and labelled."""
        if (i, j) not in self._squares:
            self._squares[i, j] = self._measure(i, j)
        return self._squares[i, j]

    def square_at(self, x_um: float, y_um: float) -> Square | None:
        """The square whose opening holds a stage position; None on a bar."""
        pitch = self.mesh.spec.pitch_um
        u, v = (float(c) for c in self.mesh.to_mesh(x_um, y_um))
        i, j = round(u / pitch), round(v / pitch)
        half = float(self.mesh.half_opening_um(i, j)[0])
        inside = max(abs(u - i * pitch), abs(v - j * pitch)) <= half
        return self.square(i, j) if inside else None

    def holes(self, box: Box) -> list[Hole]:
        """Holes with their centre in `box`, those under bars or in torn foil marked not visible."""
        return hole_table(self.spec, self.mesh, self.film, box).values(self.film)

    def particles(self, box: Box) -> list[Particle]:
        """Molecules with their centre in `box`; meant for boxes of a few square microns."""
        return particles_in(self.spec, self.mesh, self.film, box)

    def height_um(self, x_um: float, y_um: float) -> float:
        """z of the film at a place."""
        return film_height_um(self.mesh, x_um, y_um)

    def ice_nm(self, x_um: float, y_um: float) -> float:
        """The ice sheet's thickness at a place, before holes and film shape it."""
        return float(sheet_ice_nm(self.spec, self.mesh, np.array([x_um]), np.array([y_um]))[0])

    def _measure(self, i: int, j: int) -> Square:
        pitch = self.mesh.spec.pitch_um
        x, y = (float(c) for c in self.mesh.to_stage(i * pitch, j * pitch))
        index_i, index_j = np.array([i]), np.array([j])
        fates = square_fates(self.spec, self.mesh, index_i, index_j)
        half = float(self.mesh.half_opening_um(index_i, index_j)[0])
        holes_nm = ice_of_square(self.spec, self.mesh, self.film, i, j)
        traits = SquareTraits(i, j, half, int(fates.damage[0]))
        numbers = measure_square(self.spec, self.mesh, self.film, traits, holes_nm)
        label, sub_label, usable = label_square(numbers)
        return Square(
            id=(i, j),
            stage_x_um=x,
            stage_y_um=y,
            opening_um=2 * half,
            corner_um=2 * half * self.mesh.corner_fraction,
            rotation_deg=self.mesh.rotation_deg,
            ice_centre_nm=float(fates.ice_nm[0]),
            ice_edge_nm=float(fates.edge_nm[0]),
            ice_edge_power=float(fates.edge_power[0]),
            ice_lens_nm=float(fates.lens_nm[0]),
            damage=_DAMAGES[traits.damage],
            contamination_factor=float(fates.contamination[0]),
            z_um=self.height_um(x, y),
            numbers=numbers,
            label=label,
            sub_label=sub_label,
            usable=usable,
        )
