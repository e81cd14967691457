"""Which square a place belongs to, and whether there is film left to see there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smartscope.microscope.simulator.specimen.damage import tear_distance_um, tear_of
from smartscope.microscope.simulator.specimen.fate import DAMAGE_NONE, square_fates
from smartscope.microscope.simulator.specimen.mesh import Mesh
from smartscope.microscope.simulator.specimen.spec import SpecimenSpec

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def film_at(
    spec: SpecimenSpec, mesh: Mesh, x_um: Floats, y_um: Floats, clear_um: Floats
) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Square index (i, j) of each place, and whether film reaches `clear_um` round it on all sides.

    False under bars, mark and rim, and where foil is torn away.
    """
    pitch = mesh.spec.pitch_um
    u, v = mesh.to_mesh(x_um, y_um)
    i, j = np.rint(u / pitch).astype(np.int64), np.rint(v / pitch).astype(np.int64)
    u, v = u - i * pitch, v - j * pitch
    half = mesh.half_opening_um(i, j)
    corner = 2.0 * mesh.corner_fraction * half
    outside = np.hypot(
        np.maximum(np.abs(u) - half + corner, 0), np.maximum(np.abs(v) - half + corner, 0)
    )
    whole = outside < corner - clear_um
    whole &= np.maximum(np.abs(u), np.abs(v)) < half - clear_um
    whole &= mesh.solid_distance_um(x_um, y_um) < -clear_um
    damage = square_fates(spec, mesh, i, j).damage
    hurt = damage != DAMAGE_NONE
    for square in {(int(p), int(q)) for p, q in zip(i[hurt], j[hurt], strict=True)}:
        chosen = (i == square[0]) & (j == square[1])
        tear = tear_of(spec.seed, *square, int(damage[chosen][0]), float(half[chosen][0]))
        if tear is not None:
            depth, _ = tear_distance_um(
                tear, u[chosen].astype(np.float32), v[chosen].astype(np.float32)
            )
            whole[chosen] &= depth < -clear_um[chosen]
    return i, j, whole
