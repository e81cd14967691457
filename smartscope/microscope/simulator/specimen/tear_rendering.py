"""Takes torn foil out of a rendered patch: vacuum where it is missing, dark rims and flaps beside
it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartscope.domain.geometry import Affine
from smartscope.microscope.simulator.specimen.damage import Tear, tear_distance_um, tear_of
from smartscope.microscope.simulator.specimen.fate import DAMAGE_NONE, square_fates
from smartscope.microscope.simulator.specimen.mesh import Mesh
from smartscope.microscope.simulator.specimen.spec import SpecimenSpec

# A curled rim or a folded flap lets this much through, relative to the foil beside it (assumed).
RIM_PASSES = 0.5

FloatImage = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TearCanvas:
    """Arrays of a patch that tears change in place, with the patch's geometry."""

    transmission: FloatImage
    ice_nm: FloatImage
    contaminant_nm: FloatImage
    foil: FloatImage
    hole: FloatImage
    bar: FloatImage
    vacuum: FloatImage
    affine: Affine
    pixel_size_um: float


def tear_squares(canvas: TearCanvas, spec: SpecimenSpec, mesh: Mesh) -> None:
    """Applies the tear of every damaged square in view."""
    height, width = canvas.bar.shape
    pitch = mesh.spec.pitch_um
    corners = [canvas.affine.apply(x, y) for x in (0, width - 1) for y in (0, height - 1)]
    u, v = mesh.to_mesh([p.x_um for p in corners], [p.y_um for p in corners])
    grid_i, grid_j = np.meshgrid(
        np.arange(math.floor(u.min() / pitch + 0.5), math.floor(u.max() / pitch + 0.5) + 1),
        np.arange(math.floor(v.min() / pitch + 0.5), math.floor(v.max() / pitch + 0.5) + 1),
        indexing="ij",
    )
    damage = square_fates(spec, mesh, grid_i, grid_j).damage
    halves = mesh.half_opening_um(grid_i, grid_j)
    for row, column in zip(*np.nonzero(damage != DAMAGE_NONE), strict=True):
        i, j = int(grid_i[row, column]), int(grid_j[row, column])
        tear = tear_of(spec.seed, i, j, int(damage[row, column]), float(halves[row, column]))
        if tear is not None:
            _apply(canvas, mesh, tear, i, j)


def _apply(canvas: TearCanvas, mesh: Mesh, tear: Tear, i: int, j: int) -> None:
    """Tears reach to the middle of the square's own bars, no further."""
    height, width = canvas.bar.shape
    affine, pitch = canvas.affine, mesh.spec.pitch_um
    stage_x, stage_y = mesh.to_stage(i * pitch, j * pitch)
    determinant = affine.a * affine.d - affine.b * affine.c
    dx, dy = float(stage_x) - affine.tx, float(stage_y) - affine.ty
    x_px = (affine.d * dx - affine.b * dy) / determinant
    y_px = (affine.a * dy - affine.c * dx) / determinant
    reach = pitch / math.sqrt(2.0) / canvas.pixel_size_um + 1
    x0, x1 = max(0, math.floor(x_px - reach)), min(width, math.ceil(x_px + reach))
    y0, y1 = max(0, math.floor(y_px - reach)), min(height, math.ceil(y_px + reach))
    if x0 >= x1 or y0 >= y1:
        return
    columns = (np.arange(x0, x1) - x_px).astype(np.float32)[None, :]
    rows = (np.arange(y0, y1) - y_px).astype(np.float32)[:, None]
    turn = mesh.matrix() @ np.array([[affine.a, affine.b], [affine.c, affine.d]])
    turn = turn.astype(np.float32)
    u = turn[0, 0] * columns + turn[0, 1] * rows
    v = turn[1, 0] * columns + turn[1, 1] * rows
    own = np.maximum(np.abs(u), np.abs(v)) <= np.float32(pitch / 2)
    distance, rim_um = tear_distance_um(tear, u, v)
    _tear_window(canvas, (slice(y0, y1), slice(x0, x1)), distance, rim_um, own)


def _tear_window(
    canvas: TearCanvas,
    window: tuple[slice, slice],
    distance: FloatImage,
    rim_um: FloatImage,
    own: NDArray[np.bool_],
) -> None:
    px = np.float32(canvas.pixel_size_um)
    gone = np.clip(distance / px + np.float32(0.5), 0.0, 1.0) * own
    rim = np.clip((distance + rim_um) / px + np.float32(0.5), 0.0, 1.0) * own * (1 - gone)
    opening = np.float32(1.0) - canvas.bar[window]
    left = (1 - gone) * (1 - np.float32(1 - RIM_PASSES) * rim)
    canvas.transmission[window] = canvas.transmission[window] * left + gone * opening
    for layer in (canvas.ice_nm, canvas.contaminant_nm, canvas.foil, canvas.hole):
        layer[window] *= 1 - gone
    canvas.vacuum[window] += gone * opening
