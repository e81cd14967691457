"""Where the molecules are: hashed points in the ice of holes or voids, or on a continuous film,
never overlapping, never under dirt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartscope.microscope.simulator.specimen.contamination import dirt_in
from smartscope.microscope.simulator.specimen.film import Film
from smartscope.microscope.simulator.specimen.film_state import film_at
from smartscope.microscope.simulator.specimen.hashing import Channel, normal, poisson, uniform
from smartscope.microscope.simulator.specimen.holes import hole_table
from smartscope.microscope.simulator.specimen.ice import (
    HOLE_CENTRE,
    HOLE_DISH,
    OVER_FILM,
    sheet_ice_nm,
)
from smartscope.microscope.simulator.specimen.lacey import ICE_IN_VOID
from smartscope.microscope.simulator.specimen.mesh import Mesh
from smartscope.microscope.simulator.specimen.phantoms import DIAMETER_NM
from smartscope.microscope.simulator.specimen.spec import FilmKind, SpecimenSpec
from smartscope.microscope.simulator.specimen.values import Box, Hole, HoleFault, Particle

CELL_UM = 0.1
MAX_PER_CELL_MEAN = 40.0
# Ice thinner than this share of the diameter squeezes particles out; near the rim of a hole with
# a thin centre they crowd (all assumed).
THINNEST_SHARE = 0.8
CROWDING = 2.0


Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Candidates:
    cell_x: Ints
    cell_y: Ints
    k: Ints
    x_um: Floats
    y_um: Floats
    mark: Floats


def particles_in(spec: SpecimenSpec, mesh: Mesh, film: Film, box: Box) -> list[Particle]:
    """Particles with their centre in `box`; empty when the spec's species is "none"."""
    if spec.particle.species == "none":
        return []
    diameter_um = DIAMETER_NM[spec.particle.species] * 1e-3
    candidates = _candidates(spec, box.grown(2 * diameter_um))
    sheet = sheet_ice_nm(spec, mesh, candidates.x_um, candidates.y_um)
    if film.spec.kind is FilmKind.HOLEY:
        holes = hole_table(spec, mesh, film, box.grown(film.diameter_um)).values(film)
        sound = (HoleFault.NONE, HoleFault.THICK)
        holes = [hole for hole in holes if hole.visible and hole.fault in sound]
        thickness, crowd = _ice_at(spec, film, holes, candidates, sheet)
    else:
        thickness = _ice_without_holes(spec, mesh, film, candidates, sheet)
        crowd = np.ones_like(sheet)
    alive = thickness >= THINNEST_SHARE * diameter_um * 1e3
    alive &= (
        uniform(
            spec.seed,
            Channel.PARTICLE_PLACE,
            candidates.cell_x,
            candidates.cell_y,
            8 * candidates.k + 3,
        )
        < crowd / CROWDING
    )
    alive &= ~_under_dirt(spec, mesh, box, candidates)
    alive &= _survives_hard_core(candidates, alive, diameter_um)
    inside = (candidates.x_um >= box.x_min_um) & (candidates.x_um < box.x_max_um)
    inside &= (candidates.y_um >= box.y_min_um) & (candidates.y_um < box.y_max_um)
    return _values(spec, candidates, thickness, diameter_um, np.flatnonzero(alive & inside))


def _candidates(spec: SpecimenSpec, box: Box) -> _Candidates:
    """Poisson points of the highest density anywhere; thinning follows."""
    cells_x = np.arange(math.floor(box.x_min_um / CELL_UM), math.floor(box.x_max_um / CELL_UM) + 1)
    cells_y = np.arange(math.floor(box.y_min_um / CELL_UM), math.floor(box.y_max_um / CELL_UM) + 1)
    cx, cy = (grid.ravel() for grid in np.meshgrid(cells_x, cells_y, indexing="ij"))
    mean = min(spec.particle.density_per_um2 * CROWDING * CELL_UM**2, MAX_PER_CELL_MEAN)
    counts = poisson(uniform(spec.seed, Channel.PARTICLE_COUNT, cx, cy), np.full(cx.shape, mean))
    cx, cy = np.repeat(cx, counts), np.repeat(cy, counts)
    k = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    place = [uniform(spec.seed, Channel.PARTICLE_PLACE, cx, cy, 8 * k + n) for n in range(3)]
    return _Candidates(cx, cy, k, (cx + place[0]) * CELL_UM, (cy + place[1]) * CELL_UM, place[2])


def _ice_at(
    spec: SpecimenSpec, film: Film, holes: list[Hole], candidates: _Candidates, sheet: Floats
) -> tuple[Floats, Floats]:
    """Ice thickness (0 outside sound holes) and relative density at each candidate."""
    thickness, crowd = np.zeros_like(sheet), np.ones_like(sheet)
    wall = DIAMETER_NM[spec.particle.species] * 1e-3
    for hole in holes:
        r = np.hypot(candidates.x_um - hole.stage_x_um, candidates.y_um - hole.stage_y_um)
        radius = hole.diameter_um / 2
        inside = r < radius - wall
        share = r[inside] / radius
        extra = hole.ice_nm - sheet[inside] * HOLE_CENTRE if hole.fault is HoleFault.THICK else 0.0
        thickness[inside] = sheet[inside] * (HOLE_CENTRE + HOLE_DISH * share**2) + np.maximum(
            extra, 0.0
        )
        if hole.ice_nm < 25.0:
            crowd[inside] = 1.0 + (CROWDING - 1.0) * share**2
    return thickness, crowd


def _ice_without_holes(
    spec: SpecimenSpec, mesh: Mesh, film: Film, candidates: _Candidates, sheet: Floats
) -> Floats:
    """In the voids of a lacey film, everywhere on a continuous one; 0 where neither is sound."""
    x, y = candidates.x_um, candidates.y_um
    wall = DIAMETER_NM[spec.particle.species] * 1e-3
    sound = film_at(spec, mesh, x, y, np.full(x.shape, wall))[2]
    if film.spec.kind is FilmKind.CONTINUOUS:
        return np.where(sound, OVER_FILM * sheet, 0.0)
    sound &= film.strands().depth_um(x, y) < -wall
    return np.where(sound, ICE_IN_VOID * sheet, 0.0)


def _under_dirt(
    spec: SpecimenSpec, mesh: Mesh, box: Box, candidates: _Candidates
) -> NDArray[np.bool_]:
    covered = np.zeros(candidates.x_um.shape, dtype=bool)
    for dirt in dirt_in(spec, mesh, box.grown(6.0), 0.0):
        for x, y, radius in zip(dirt.x_um, dirt.y_um, dirt.radius_um, strict=True):
            covered |= np.hypot(candidates.x_um - x, candidates.y_um - y) < radius
    return covered


def _survives_hard_core(
    candidates: _Candidates, alive: NDArray[np.bool_], diameter_um: float
) -> NDArray[np.bool_]:
    """Matérn's second process: of two that overlap the one with the larger mark goes."""
    index = np.flatnonzero(alive)
    survives = np.zeros(alive.shape, dtype=bool)
    survives[index] = True
    x, y, mark = candidates.x_um[index], candidates.y_um[index], candidates.mark[index]
    order = np.argsort(x, kind="stable")
    x, y, mark, index = x[order], y[order], mark[order], index[order]
    for n in range(x.size):
        last = np.searchsorted(x, x[n] + diameter_um, side="right")
        near = np.hypot(x[n + 1 : last] - x[n], y[n + 1 : last] - y[n]) < diameter_um
        others = np.flatnonzero(near) + n + 1
        if others.size:
            survives[index[others[mark[others] >= mark[n]]]] = False
            survives[index[n]] &= not bool((mark[others] < mark[n]).any())
    return survives


def _values(
    spec: SpecimenSpec,
    candidates: _Candidates,
    thickness: Floats,
    diameter_um: float,
    chosen: NDArray[np.intp],
) -> list[Particle]:
    cx, cy, k = candidates.cell_x[chosen], candidates.cell_y[chosen], candidates.k[chosen]
    pose = np.stack(
        [normal(spec.seed, Channel.PARTICLE_POSE, cx, cy, 32 * k + n) for n in range(4)], axis=-1
    )
    pose /= np.linalg.norm(pose, axis=-1, keepdims=True)
    height = uniform(spec.seed, Channel.PARTICLE_POSE, cx, cy, 32 * k + 20) - 0.5
    free_nm = np.maximum(thickness[chosen] - diameter_um * 1e3, 0.0)
    junk = uniform(spec.seed, Channel.PARTICLE_POSE, cx, cy, 32 * k + 21)
    quality = np.where(junk < spec.particle.junk_fraction, 0.3, 1.0)
    return [
        Particle(
            id=(int(cx[n]), int(cy[n]), int(k[n])),
            stage_x_um=float(candidates.x_um[index]),
            stage_y_um=float(candidates.y_um[index]),
            z_nm=float(height[n] * free_nm[n]),
            quaternion=(
                float(pose[n, 0]),
                float(pose[n, 1]),
                float(pose[n, 2]),
                float(pose[n, 3]),
            ),
            species=spec.particle.species,
            conformer=0,
            quality=float(quality[n]),
        )
        for n, index in enumerate(chosen)
    ]
