"""Where dirt lies: hashed point processes of frost, hexagonal crystals, specks and crystalline
patches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartscope.microscope.simulator.specimen.fate import square_fates
from smartscope.microscope.simulator.specimen.hashing import Channel, normal, poisson, uniform
from smartscope.microscope.simulator.specimen.mesh import Mesh
from smartscope.microscope.simulator.specimen.noise import smooth
from smartscope.microscope.simulator.specimen.spec import SpecimenSpec
from smartscope.microscope.simulator.specimen.values import Box, Contaminant, ContaminantKind

_LOG_SD = 0.5
_CUT_SD = 2.5

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class DirtKind:
    """One kind of dirt (all numbers assumed). Clusters modulate the density over `cluster_um`."""

    code: int
    kind: ContaminantKind
    per_um2: float
    median_radius_um: float
    ice_equivalent_nm_per_um: float
    cell_um: float
    cluster_um: float
    cluster_strength: float

    @property
    def max_radius_um(self) -> float:
        """The largest radius drawn: the lognormal is cut at 2.5 standard deviations."""
        return self.median_radius_um * math.exp(_LOG_SD * _CUT_SD)


DIRT = (
    DirtKind(
        code=0,
        kind=ContaminantKind.FROST,
        per_um2=1.2e-4,
        median_radius_um=1.6,
        ice_equivalent_nm_per_um=2750.0,
        cell_um=40.0,
        cluster_um=60.0,
        cluster_strength=0.5,
    ),
    DirtKind(
        code=1,
        kind=ContaminantKind.HEXAGONAL,
        per_um2=4e-3,
        median_radius_um=0.28,
        ice_equivalent_nm_per_um=2000.0,
        cell_um=3.0,
        cluster_um=5.0,
        cluster_strength=1.1,
    ),
    DirtKind(
        code=2,
        kind=ContaminantKind.SPECK,
        per_um2=0.25,
        median_radius_um=0.022,
        ice_equivalent_nm_per_um=1200.0,
        cell_um=1.0,
        cluster_um=2.0,
        cluster_strength=0.9,
    ),
    DirtKind(
        code=3,
        kind=ContaminantKind.CRYSTALLINE_PATCH,
        per_um2=2.5e-5,
        median_radius_um=3.0,
        ice_equivalent_nm_per_um=12.0,
        cell_um=60.0,
        cluster_um=120.0,
        cluster_strength=0.8,
    ),
)


@dataclass(frozen=True, slots=True)
class Dirt:
    """Arrays over particles of dirt of one kind."""

    kind: DirtKind
    cell_x: Ints
    cell_y: Ints
    k: Ints
    x_um: Floats
    y_um: Floats
    radius_um: Floats
    ellipticity: Floats
    angle_rad: Floats
    ice_equivalent_nm: Floats

    def chosen(self, mask: NDArray[np.bool_]) -> Dirt:
        """Only the particles where `mask` holds."""
        return Dirt(
            self.kind,
            self.cell_x[mask],
            self.cell_y[mask],
            self.k[mask],
            self.x_um[mask],
            self.y_um[mask],
            self.radius_um[mask],
            self.ellipticity[mask],
            self.angle_rad[mask],
            self.ice_equivalent_nm[mask],
        )


def dirt_in(spec: SpecimenSpec, mesh: Mesh, box: Box, r_min_um: float) -> list[Dirt]:
    """Dirt with its centre in `box` and at least `r_min_um` in radius, one entry per kind
    present.
    """
    found = []
    for kind in DIRT:
        if kind.max_radius_um >= r_min_um:
            dirt = _dirt_of_kind(spec, mesh, box, kind)
            inside = (
                (dirt.x_um >= box.x_min_um)
                & (dirt.x_um < box.x_max_um)
                & (dirt.y_um >= box.y_min_um)
                & (dirt.y_um < box.y_max_um)
                & (dirt.radius_um >= r_min_um)
            )
            found.append(dirt.chosen(inside))
    return found


def contaminants_of(found: list[Dirt]) -> list[Contaminant]:
    """Frozen values, one per particle."""
    return [
        Contaminant(
            id=(dirt.kind.kind.value, int(dirt.cell_x[n]), int(dirt.cell_y[n]), int(dirt.k[n])),
            kind=dirt.kind.kind,
            stage_x_um=float(dirt.x_um[n]),
            stage_y_um=float(dirt.y_um[n]),
            radius_um=float(dirt.radius_um[n]),
            ellipticity=float(dirt.ellipticity[n]),
            angle_deg=math.degrees(float(dirt.angle_rad[n])),
            ice_equivalent_nm=float(dirt.ice_equivalent_nm[n]),
        )
        for dirt in found
        for n in range(dirt.x_um.size)
    ]


def _dirt_of_kind(spec: SpecimenSpec, mesh: Mesh, box: Box, kind: DirtKind) -> Dirt:
    cell = kind.cell_um
    cells_x = np.arange(math.floor(box.x_min_um / cell), math.floor(box.x_max_um / cell) + 1)
    cells_y = np.arange(math.floor(box.y_min_um / cell), math.floor(box.y_max_um / cell) + 1)
    cx, cy = (grid.ravel() for grid in np.meshgrid(cells_x, cells_y, indexing="ij"))
    mean = _mean_count(spec, mesh, cx, cy, kind)
    counts = poisson(uniform(spec.seed, Channel.DIRT_COUNT, cx, cy, kind.code), mean)
    cx, cy = np.repeat(cx, counts), np.repeat(cy, counts)
    k = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    salt = 64 * k + 16 * kind.code
    place = [uniform(spec.seed, Channel.DIRT_PLACE, cx, cy, salt + n) for n in range(2)]
    size = np.clip(normal(spec.seed, Channel.DIRT_SHAPE, cx, cy, salt), -_CUT_SD, _CUT_SD)
    radius = kind.median_radius_um * np.exp(_LOG_SD * size)
    return Dirt(
        kind,
        cx,
        cy,
        k,
        (cx + place[0]) * cell,
        (cy + place[1]) * cell,
        radius,
        0.35 * uniform(spec.seed, Channel.DIRT_SHAPE, cx, cy, salt + 4),
        2.0 * np.pi * uniform(spec.seed, Channel.DIRT_SHAPE, cx, cy, salt + 5),
        kind.ice_equivalent_nm_per_um * radius,
    )


def _mean_count(spec: SpecimenSpec, mesh: Mesh, cx: Ints, cy: Ints, kind: DirtKind) -> Floats:
    """Expected particles per cell: density, the square's factor, and clusters of mean one."""
    x, y = ((cell.astype(np.float64) + 0.5) * kind.cell_um for cell in (cx, cy))
    u, v = mesh.to_mesh(x, y)
    pitch = mesh.spec.pitch_um
    i, j = np.rint(u / pitch).astype(np.int64), np.rint(v / pitch).astype(np.int64)
    rows = np.arange(i.min(), i.max() + 1)
    columns = np.arange(j.min(), j.max() + 1)
    grid_i, grid_j = np.meshgrid(rows, columns, indexing="ij")
    factor = square_fates(spec, mesh, grid_i, grid_j).contamination[i - rows[0], j - columns[0]]
    strength = kind.cluster_strength
    noise = smooth(spec.seed, Channel.DIRT_CLUSTER, x, y, kind.cluster_um, kind.code)
    mean: Floats = (
        kind.per_um2 * kind.cell_um**2 * factor * np.exp(strength * noise - strength**2 / 2)
    )
    return np.minimum(mean, 40.0)
