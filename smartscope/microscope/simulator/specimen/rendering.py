"""One function renders every magnification: what the beam meets at a pose, as transmission and
masks.

Wherever a pixel holds two materials their transmissions are mixed, never their thicknesses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartscope.domain.geometry import Affine
from smartscope.microscope.simulator.specimen.attenuation import Attenuation
from smartscope.microscope.simulator.specimen.beam_marks import GROWTH_NM_PER_HOUR, beam_marks
from smartscope.microscope.simulator.specimen.contamination import DIRT, dirt_in
from smartscope.microscope.simulator.specimen.dirt_rendering import (
    NEGLECT_BELOW_PX,
    DirtCanvas,
    draw_dirt,
)
from smartscope.microscope.simulator.specimen.film import Film
from smartscope.microscope.simulator.specimen.hashing import Channel
from smartscope.microscope.simulator.specimen.hole_rendering import HolePixels, hole_pixels
from smartscope.microscope.simulator.specimen.ice import OVER_FILM, sheet_ice_nm
from smartscope.microscope.simulator.specimen.lacey_rendering import no_holes, void_pixels
from smartscope.microscope.simulator.specimen.mesh import Mesh
from smartscope.microscope.simulator.specimen.mesh_rendering import opening_coverage
from smartscope.microscope.simulator.specimen.noise import smooth
from smartscope.microscope.simulator.specimen.spec import FilmKind, SpecimenSpec
from smartscope.microscope.simulator.specimen.tear_rendering import TearCanvas, tear_squares
from smartscope.microscope.simulator.specimen.upsampling import (
    MAX_BLOCK_PX,
    BlockLattice,
    block_size_px,
)
from smartscope.microscope.simulator.specimen.values import Box, PastExposure, Patch, Pose

STRIP_PX = 1 << 19
EDGE_ROUGHNESS_UM = 0.005
EDGE_CELL_UM = 0.15
ROUGH_BELOW_PIXEL_UM = 0.02

FloatImage = NDArray[np.float32]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scene:
    """A placed specimen and how the beam is attenuated in it."""

    spec: SpecimenSpec
    mesh: Mesh
    film: Film
    attenuation: Attenuation
    earlier: tuple[PastExposure, ...]
    hours_in_column: float


@dataclass(frozen=True, slots=True)
class _Canvas:
    """The arrays of the patch while it is being drawn."""

    transmission: FloatImage
    ice_nm: FloatImage
    contaminant_nm: FloatImage
    foil: FloatImage
    hole: FloatImage
    bar: FloatImage
    vacuum: FloatImage

    @classmethod
    def blank(cls, shape: tuple[int, int]) -> _Canvas:
        return cls(*(np.zeros(shape, dtype=np.float32) for _ in range(7)))

    def rows(self, first: int, last: int) -> _Canvas:
        return _Canvas(
            self.transmission[first:last],
            self.ice_nm[first:last],
            self.contaminant_nm[first:last],
            self.foil[first:last],
            self.hole[first:last],
            self.bar[first:last],
            self.vacuum[first:last],
        )


def render(
    scene: Scene,
    pose: Pose,
    shape: tuple[int, int],
    pixel_size_um: float,
    *,
    strip_px: int = STRIP_PX,
) -> Patch:
    """The patch of (height, width) `shape` at `pose`; drawn in strips of about `strip_px`
    pixels.
    """
    height, width = shape
    affine = pose.image_to_stage(shape, pixel_size_um)
    canvas = _Canvas.blank(shape)
    rows = max(MAX_BLOCK_PX, strip_px // width // MAX_BLOCK_PX * MAX_BLOCK_PX)
    for first in range(0, height, rows):
        last = min(height, first + rows)
        _draw_strip(scene, affine, canvas.rows(first, last), first, pixel_size_um)
    _contaminate(scene, affine, canvas, pixel_size_um)
    tear_squares(
        TearCanvas(
            canvas.transmission,
            canvas.ice_nm,
            canvas.contaminant_nm,
            canvas.foil,
            canvas.hole,
            canvas.bar,
            canvas.vacuum,
            affine,
            pixel_size_um,
        ),
        scene.spec,
        scene.mesh,
    )
    tilt = np.float32(1.0 / np.cos(np.radians(pose.tilt_deg)))
    if pose.tilt_deg:
        canvas.transmission[...] **= tilt
        canvas.ice_nm[...] *= tilt
    return Patch(
        transmission=canvas.transmission,
        ice_nm=canvas.ice_nm,
        contaminant_nm=canvas.contaminant_nm,
        foil=canvas.foil,
        hole=canvas.hole,
        bar=canvas.bar,
        vacuum=canvas.vacuum,
        foil_thickness_nm=scene.film.spec.foil_nm,
        foil_is_gold=scene.film.spec.gold,
        image_to_stage=affine,
        pixel_size_um=pixel_size_um,
        seed=scene.spec.seed,
    )


def _draw_strip(
    scene: Scene, affine: Affine, canvas: _Canvas, first_row: int, pixel_size_um: float
) -> None:
    rows, width = canvas.bar.shape
    lattice = BlockLattice.under(first_row, rows, width, block_size_px(pixel_size_um))
    x, y = _stage_points(affine, lattice)
    thinning, deposit = (
        beam_marks(x, y, scene.earlier) if scene.earlier else (np.ones_like(x), np.zeros_like(x))
    )
    ice = lattice.up(sheet_ice_nm(scene.spec, scene.mesh, x, y) * thinning)
    holes = _openings(scene, affine, (first_row, rows, width), lattice, (x, y), pixel_size_um)
    opening = opening_coverage(scene.mesh, affine, (first_row, rows, width), pixel_size_um)
    _mix(scene, canvas, ice, holes, opening)
    canvas.contaminant_nm[...] = opening * np.float32(GROWTH_NM_PER_HOUR * scene.hours_in_column)
    if scene.earlier:
        canvas.contaminant_nm[...] += opening * lattice.up(deposit)


def _openings(
    scene: Scene,
    affine: Affine,
    strip: tuple[int, int, int],
    lattice: BlockLattice,
    places: tuple[Floats, Floats],
    pixel_size_um: float,
) -> HolePixels:
    """Holes or voids of the film; `places` are the stage points of `lattice`."""
    kind = scene.film.spec.kind
    if kind is FilmKind.LACEY:
        return void_pixels(scene.film.strands(), affine, strip, pixel_size_um)
    if kind is FilmKind.CONTINUOUS:
        return no_holes(strip)
    x, y = places
    warp_x, warp_y = scene.film.warp_um(x, y)
    rough = None
    if pixel_size_um < ROUGH_BELOW_PIXEL_UM:
        rough = lattice.up(
            EDGE_ROUGHNESS_UM * smooth(scene.spec.seed, Channel.HOLE_EDGE, x, y, EDGE_CELL_UM)
        )
    return hole_pixels(
        scene.film,
        scene.spec.ice,
        affine,
        strip,
        (lattice.up(warp_x), lattice.up(warp_y)),
        rough,
        pixel_size_um,
    )


def _stage_points(affine: Affine, lattice: BlockLattice) -> tuple[Floats, Floats]:
    x_px, y_px = lattice.x_px[None, :], lattice.y_px[:, None]
    return (
        affine.a * x_px + affine.b * y_px + affine.tx,
        affine.c * x_px + affine.d * y_px + affine.ty,
    )


def _mix(
    scene: Scene, canvas: _Canvas, ice: FloatImage, holes: HolePixels, opening: FloatImage
) -> None:
    """Fills transmission, ice and masks of a strip; bars let nothing through."""
    attenuation, film = scene.attenuation, scene.film.spec
    per_nm = np.float32(-1.0 / attenuation.ice_nm)
    foil_passes = np.float32(np.exp(-film.foil_nm / attenuation.foil_nm(gold=film.gold)))
    in_hole_nm = ice * holes.ice_scale + holes.ice_extra_nm
    through_hole = np.exp(in_hole_nm * per_nm)
    if holes.clear_fraction > 0.0:
        through_hole += (1.0 - through_hole) * np.float32(holes.clear_fraction)
    over_film_nm = ice * np.float32(OVER_FILM)
    through_film = np.exp(over_film_nm * per_nm) * foil_passes
    np.multiply(opening, holes.coverage, out=canvas.hole)
    np.subtract(opening, canvas.hole, out=canvas.foil)
    np.subtract(np.float32(1.0), opening, out=canvas.bar)
    canvas.transmission[...] = canvas.hole * through_hole + canvas.foil * through_film
    canvas.ice_nm[...] = canvas.hole * in_hole_nm + canvas.foil * over_film_nm


def _contaminate(scene: Scene, affine: Affine, canvas: _Canvas, pixel_size_um: float) -> None:
    if scene.earlier or scene.hours_in_column:
        canvas.transmission[...] *= np.exp(
            canvas.contaminant_nm * np.float32(-1.0 / scene.attenuation.ice_nm)
        )
    shape = canvas.transmission.shape
    box = Box.of_image(affine, (shape[0], shape[1]))
    box = box.grown(1.5 * max(kind.max_radius_um for kind in DIRT))
    painting = DirtCanvas(
        canvas.transmission,
        canvas.contaminant_nm,
        affine,
        pixel_size_um,
        scene.attenuation.ice_nm,
        scene.spec.seed,
    )
    determinant = affine.a * affine.d - affine.b * affine.c
    for dirt in dirt_in(scene.spec, scene.mesh, box, NEGLECT_BELOW_PX * pixel_size_um):
        dx, dy = dirt.x_um - affine.tx, dirt.y_um - affine.ty
        x_px = (affine.d * dx - affine.b * dy) / determinant
        y_px = (affine.a * dy - affine.c * dx) / determinant
        margin = 1.5 * dirt.radius_um / pixel_size_um + 6
        seen = (x_px > -margin) & (x_px < shape[1] + margin)
        seen &= (y_px > -margin) & (y_px < shape[0] + margin)
        draw_dirt(painting, dirt.chosen(seen), x_px[seen], y_px[seen])
