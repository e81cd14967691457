"""How thick the ice is at any place: square mean, texture, thick edges, lenses, and the dish inside
a hole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smartscope.microscope.simulator.specimen.fate import Fates, square_fates
from smartscope.microscope.simulator.specimen.hashing import Channel
from smartscope.microscope.simulator.specimen.mesh import Mesh
from smartscope.microscope.simulator.specimen.noise import fbm
from smartscope.microscope.simulator.specimen.spec import SpecimenSpec
from smartscope.microscope.simulator.specimen.values import IceClass

TEXTURE_CELL_UM = 14.0
HOLE_CENTRE = 0.78
HOLE_DISH = 0.30
OVER_FILM = 1.05
MAX_ICE_NM = 6000.0

Floats = NDArray[np.float64]

# Upper limits in nm (assumed, simulator's definition of what a microscopist would say).
_CLASS_LIMITS = (
    (3.0, IceClass.EMPTY),
    (15.0, IceClass.THIN),
    (60.0, IceClass.GOOD),
    (100.0, IceClass.ACCEPTABLE),
    (200.0, IceClass.THICK),
)


def classify_ice(hole_centre_nm: float) -> IceClass:
    """The word for a hole-centre thickness in nm."""
    for limit, name in _CLASS_LIMITS:
        if hole_centre_nm <= limit:
            return name
    return IceClass.UNUSABLE


def sheet_ice_nm(spec: SpecimenSpec, mesh: Mesh, x_um: Floats, y_um: Floats) -> Floats:
    """Ice thickness of the sheet (before holes and film shape it) at stage points of any
    shape, nm.
    """
    pitch = mesh.spec.pitch_um
    u, v = mesh.to_mesh(x_um, y_um)
    i, j = np.rint(u / pitch).astype(np.int64), np.rint(v / pitch).astype(np.int64)
    u, v = u - i * pitch, v - j * pitch
    i0, j0 = int(i.min()), int(j.min())
    columns = int(j.max()) - j0 + 1
    grid_i, grid_j = np.meshgrid(
        np.arange(i0, int(i.max()) + 1), np.arange(j0, j0 + columns), indexing="ij"
    )
    index = (i - i0) * columns + (j - j0)
    fates = square_fates(spec, mesh, grid_i, grid_j)
    half = mesh.half_opening_um(grid_i, grid_j).ravel()[index]
    return _sheet(spec, fates, index, u, v, half, x_um, y_um)


def _sheet(
    spec: SpecimenSpec,
    fates: Fates,
    index: NDArray[np.int64],
    u: Floats,
    v: Floats,
    half: Floats,
    x_um: Floats,
    y_um: Floats,
) -> Floats:
    texture = fbm(spec.seed, Channel.ICE_TEXTURE, x_um, y_um, TEXTURE_CELL_UM, 3)
    edge_texture = fbm(spec.seed, Channel.EDGE_TEXTURE, x_um, y_um, TEXTURE_CELL_UM, 2)
    rho = np.cbrt(np.abs(u) ** 3 + np.abs(v) ** 3) / half + 0.05 * edge_texture
    rho = np.clip(rho, 0.0, 1.35)

    def of_square(values: Floats) -> Floats:
        return values.ravel()[index]

    thickness = of_square(fates.ice_nm) * np.exp(spec.ice.within_square_spread * texture)
    thickness += of_square(fates.edge_nm) * rho ** of_square(fates.edge_power)
    if (fates.lens_nm > 0).any():
        distance = np.hypot(u - of_square(fates.lens_u_um), v - of_square(fates.lens_v_um))
        reach = distance / of_square(fates.lens_radius_um) + 0.12 * edge_texture
        thickness += of_square(fates.lens_nm) / (1.0 + np.exp(5.0 * (reach - 1.6)))
    return np.minimum(thickness, MAX_ICE_NM)
