"""The list of holes in a box, each with its place, its fault and the ice in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartscope.microscope.simulator.specimen.film import FAULT_MISSING, Film
from smartscope.microscope.simulator.specimen.film_state import film_at
from smartscope.microscope.simulator.specimen.ice import (
    HOLE_CENTRE,
    HOLE_DISH,
    classify_ice,
    sheet_ice_nm,
)
from smartscope.microscope.simulator.specimen.mesh import Mesh
from smartscope.microscope.simulator.specimen.spec import FilmKind, SpecimenSpec
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


@dataclass(frozen=True, slots=True)
class HoleTable:
    """Holes as arrays: index (a, b), square (i, j), place, radius, fault code, ice at centre and
    rim.
    """

    a: Ints
    b: Ints
    i: Ints
    j: Ints
    x_um: Floats
    y_um: Floats
    radius_um: Floats
    fault: Ints
    centre_nm: Floats
    rim_nm: Floats
    visible: NDArray[np.bool_]

    def values(self, film: Film) -> list[Hole]:
        """Frozen values, one per hole."""
        return [
            Hole(
                id=(int(self.a[n]), int(self.b[n])),
                square_id=(int(self.i[n]), int(self.j[n])),
                stage_x_um=float(self.x_um[n]),
                stage_y_um=float(self.y_um[n]),
                diameter_um=float(2 * self.radius_um[n]),
                ellipticity=film.ellipticity,
                ellipse_angle_deg=film.ellipse_angle_deg,
                fault=_FAULTS[self.fault[n]],
                ice_nm=float(self.centre_nm[n]),
                ice_min_nm=float(self.centre_nm[n]),
                ice_max_nm=float(self.rim_nm[n]),
                ice_class=classify_ice(float(self.centre_nm[n])),
                visible=bool(self.visible[n]),
            )
            for n in range(self.a.size)
        ]


def hole_table(spec: SpecimenSpec, mesh: Mesh, film: Film, box: Box) -> HoleTable:
    """Every hole whose centre lies in `box`, under bars too (`visible` false and iceless there)."""
    if film.spec.kind is not FilmKind.HOLEY:
        return _no_holes()
    a, b = _candidates(film, box)
    x, y = film.centres_um(a, b)
    states = film.states(a, b, spec.ice)
    keep = (x >= box.x_min_um) & (x < box.x_max_um) & (y >= box.y_min_um) & (y < box.y_max_um)
    keep &= states.fault != FAULT_MISSING
    a, b, x, y, radius = a[keep], b[keep], x[keep], y[keep], states.radius_um[keep]
    if not a.size:
        return _no_holes()
    i, j, visible = film_at(spec, mesh, x, y, radius)
    sheet = np.where(visible, sheet_ice_nm(spec, mesh, x, y), 0.0) * states.ice_scale[keep]
    extra = np.where(visible, states.ice_extra_nm[keep], 0.0)
    centre, rim = sheet * HOLE_CENTRE + extra, sheet * (HOLE_CENTRE + HOLE_DISH) + extra
    return HoleTable(a, b, i, j, x, y, radius, states.fault[keep], centre, rim, visible)


def _no_holes() -> HoleTable:
    whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
    seen = np.zeros(0, dtype=np.bool_)
    return HoleTable(whole, whole, whole, whole, real, real, real, whole, real, real, seen)


def _candidates(film: Film, box: Box) -> tuple[Ints, Ints]:
    """Hole indices whose ideal place lies within 2 µm of the box: the warp never reaches that
    far.
    """
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
