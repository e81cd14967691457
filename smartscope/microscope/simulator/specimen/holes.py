"""The list of holes in a box, each with its place, its fault and the ice in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smartscope.microscope.simulator.specimen.damage import tear_distance_um, tear_of
from smartscope.microscope.simulator.specimen.fate import DAMAGE_NONE, square_fates
from smartscope.microscope.simulator.specimen.film import FAULT_MISSING, Film
from smartscope.microscope.simulator.specimen.ice import (
    HOLE_CENTRE,
    HOLE_DISH,
    classify_ice,
    sheet_ice_nm,
)
from smartscope.microscope.simulator.specimen.mesh import Mesh
from smartscope.microscope.simulator.specimen.spec import SpecimenSpec
from smartscope.microscope.simulator.specimen.values import Box, Hole, HoleFault

_FAULTS = (
    HoleFault.NONE,
    HoleFault.EMPTY,
    HoleFault.THICK,
    HoleFault.CRYSTALLINE,
    HoleFault.TORN,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def holes_in(spec: SpecimenSpec, mesh: Mesh, film: Film, box: Box) -> list[Hole]:
    """Every hole whose centre lies in `box`, under bars too (`visible` false there)."""
    a, b = _candidates(film, box)
    x, y = film.centres_um(a, b)
    states = film.states(a, b, spec.ice)
    keep = (x >= box.x_min_um) & (x < box.x_max_um) & (y >= box.y_min_um) & (y < box.y_max_um)
    keep &= states.fault != FAULT_MISSING
    if not keep.any():
        return []
    a, b, x, y = a[keep], b[keep], x[keep], y[keep]
    radius, fault = states.radius_um[keep], states.fault[keep]
    scale, extra = states.ice_scale[keep], states.ice_extra_nm[keep]
    sheet = sheet_ice_nm(spec, mesh, x, y)
    centre = sheet * HOLE_CENTRE * scale + extra
    rim = sheet * (HOLE_CENTRE + HOLE_DISH) * scale + extra
    i, j, visible = _square_of(spec, mesh, x, y, radius)
    centre, rim = np.where(visible, centre, 0.0), np.where(visible, rim, 0.0)
    return [
        Hole(
            id=(int(a[n]), int(b[n])),
            square_id=(int(i[n]), int(j[n])),
            stage_x_um=float(x[n]),
            stage_y_um=float(y[n]),
            diameter_um=float(2 * radius[n]),
            ellipticity=film.ellipticity,
            ellipse_angle_deg=film.ellipse_angle_deg,
            fault=_FAULTS[fault[n]],
            ice_nm=float(centre[n]),
            ice_min_nm=float(centre[n]),
            ice_max_nm=float(rim[n]),
            ice_class=classify_ice(float(centre[n])),
            visible=bool(visible[n]),
        )
        for n in range(a.size)
    ]


def _candidates(film: Film, box: Box) -> tuple[Ints, Ints]:
    """Hole indices whose ideal place lies within 2 µm of the box: the warp never reaches that far."""
    grown = box.grown(2.0)
    corners_x = np.array([grown.x_min_um, grown.x_max_um, grown.x_min_um, grown.x_max_um])
    corners_y = np.array([grown.y_min_um, grown.y_min_um, grown.y_max_um, grown.y_max_um])
    inverse = np.linalg.inv(film.basis_matrix())
    f = inverse[0, 0] * corners_x + inverse[0, 1] * corners_y
    g = inverse[1, 0] * corners_x + inverse[1, 1] * corners_y
    a, b = (
        grid.ravel()
        for grid in np.meshgrid(
            np.arange(np.floor(f.min()), np.ceil(f.max()) + 1, dtype=np.int64),
            np.arange(np.floor(g.min()), np.ceil(g.max()) + 1, dtype=np.int64),
            indexing="ij",
        )
    )
    basis = film.basis_matrix()
    x, y = basis[0, 0] * a + basis[0, 1] * b, basis[1, 0] * a + basis[1, 1] * b
    near = (x >= grown.x_min_um) & (x < grown.x_max_um)
    near &= (y >= grown.y_min_um) & (y < grown.y_max_um)
    return a[near], b[near]


def _square_of(
    spec: SpecimenSpec, mesh: Mesh, x: Floats, y: Floats, radius: Floats
) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Square index of each hole, and whether the whole hole is in an opening on unbroken foil."""
    pitch = mesh.spec.pitch_um
    u, v = mesh.to_mesh(x, y)
    i, j = np.rint(u / pitch).astype(np.int64), np.rint(v / pitch).astype(np.int64)
    u, v = u - i * pitch, v - j * pitch
    half = mesh.half_opening_um(i, j)
    corner = 2.0 * mesh.corner_fraction * half
    outside = np.hypot(
        np.maximum(np.abs(u) - half + corner, 0), np.maximum(np.abs(v) - half + corner, 0)
    )
    visible = outside < corner - radius
    visible &= np.maximum(np.abs(u), np.abs(v)) < half - radius
    visible &= mesh.solid_distance_um(x, y) < -radius
    damage = square_fates(spec, mesh, i, j).damage
    for square in {(int(p), int(q)) for p, q in zip(i, j, strict=True)}:
        chosen = (i == square[0]) & (j == square[1])
        code = int(damage[chosen][0])
        if code == DAMAGE_NONE:
            continue
        tear = tear_of(spec.seed, *square, code, float(half[chosen][0]))
        if tear is not None:
            inside, _ = tear_distance_um(
                tear, u[chosen].astype(np.float32), v[chosen].astype(np.float32)
            )
            visible[chosen] &= inside < -radius[chosen]
    return i, j, visible
