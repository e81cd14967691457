"""Where the ice of one square is judged: at its holes, or at sites spread over other films."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smartscope.microscope.simulator.specimen.film import Film
from smartscope.microscope.simulator.specimen.film_state import film_at
from smartscope.microscope.simulator.specimen.holes import hole_table
from smartscope.microscope.simulator.specimen.ice import OVER_FILM, sheet_ice_nm
from smartscope.microscope.simulator.specimen.lacey import ICE_IN_VOID
from smartscope.microscope.simulator.specimen.mesh import Mesh
from smartscope.microscope.simulator.specimen.spec import FilmKind, SpecimenSpec
from smartscope.microscope.simulator.specimen.values import Box

#: sites of films without holes lie so far apart, and as far inside void or film (assumed)
SITE_PITCH_UM = 4.0
SITE_MARGIN_UM = 0.3

Floats = NDArray[np.float64]


def ice_of_square(spec: SpecimenSpec, mesh: Mesh, film: Film, i: int, j: int) -> Floats:
    """(N,) ice in nm at the holes of square (i, j) that can be seen, or at its sites."""
    pitch = mesh.spec.pitch_um
    half = float(mesh.half_opening_um(i, j)[0])
    x, y = (float(c) for c in mesh.to_stage(i * pitch, j * pitch))
    if film.spec.kind is FilmKind.HOLEY:
        table = hole_table(spec, mesh, film, Box.around(x, y, 1.42 * half))
        return np.asarray(table.centre_nm[table.visible & (table.i == i) & (table.j == j)])
    ticks = np.arange(-half + SITE_PITCH_UM / 2, half, SITE_PITCH_UM)
    u, v = (grid.ravel() for grid in np.meshgrid(i * pitch + ticks, j * pitch + ticks))
    return film_ice_nm(spec, mesh, film, *mesh.to_stage(u, v))


def film_ice_nm(spec: SpecimenSpec, mesh: Mesh, film: Film, x_um: Floats, y_um: Floats) -> Floats:
    """Ice at those of the stage points where such a film could be imaged, nm; the rest is left out.

    Lacey films are imaged in their voids, continuous ones anywhere on sound film.
    """
    clear = np.full(x_um.shape, SITE_MARGIN_UM)
    sound = film_at(spec, mesh, x_um, y_um, clear)[2]
    share = OVER_FILM
    if film.spec.kind is FilmKind.LACEY:
        sound &= film.strands().depth_um(x_um, y_um) < -SITE_MARGIN_UM
        share = ICE_IN_VOID
    if not sound.any():
        return np.zeros(0)
    return share * sheet_ice_nm(spec, mesh, x_um[sound], y_um[sound])
