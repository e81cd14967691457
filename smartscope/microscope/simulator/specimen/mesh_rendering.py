"""How much of each pixel lies in a mesh opening, and not under a bar, the mark or the rim."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smartscope.domain.geometry import Affine
from smartscope.microscope.simulator.specimen.mesh import Mesh

FloatImage = NDArray[np.float32]
Floats = NDArray[np.float64]


def opening_coverage(
    mesh: Mesh, affine: Affine, strip: tuple[int, int, int], pixel_size_um: float
) -> FloatImage:
    """Coverage in [0, 1] for a strip (first row, rows, width), from the signed distance to each
    opening.
    """
    first_row, rows, width = strip
    turn = mesh.matrix()
    step_x = turn @ np.array([affine.a, affine.c])
    step_y = turn @ np.array([affine.b, affine.d])
    start = turn @ np.array([affine.tx - mesh.origin_x_um, affine.ty - mesh.origin_y_um])
    start = start + step_y * first_row
    pitch = mesh.spec.pitch_um
    base = np.rint((start + step_x * width / 2 + step_y * rows / 2) / pitch)
    start = start - base * pitch
    columns, lines = np.arange(width), np.arange(rows)
    u = _plane(start[0], step_x[0] * columns, step_y[0] * lines)
    v = _plane(start[1], step_x[1] * columns, step_y[1] * lines)
    i, j = np.rint(u / np.float32(pitch)), np.rint(v / np.float32(pitch))
    table, index = _half_openings(mesh, i, j, base)
    distance = _rounded_square(
        u - i * np.float32(pitch), v - j * np.float32(pitch), table[index], mesh.corner_fraction
    )
    _open_missing_bars(mesh, distance, u, v, base, (i, j))
    coverage = np.clip(np.float32(0.5) - distance / np.float32(pixel_size_um), 0.0, 1.0)
    return _without_solid(mesh, coverage, affine, strip, pixel_size_um)


def _plane(start: float, along_x: Floats, along_y: Floats) -> FloatImage:
    plane: FloatImage = (start + along_x).astype(np.float32)[None, :] + along_y.astype(np.float32)[
        :, None
    ]
    return plane


def _half_openings(
    mesh: Mesh, i: FloatImage, j: FloatImage, base: Floats
) -> tuple[FloatImage, NDArray[np.intp]]:
    """A table of half openings over the squares in view, and each pixel's place in it."""
    i0, j0 = int(i.min()), int(j.min())
    columns = int(j.max()) - j0 + 1
    grid_i, grid_j = np.meshgrid(
        np.arange(i0, int(i.max()) + 1), np.arange(j0, j0 + columns), indexing="ij"
    )
    table = mesh.half_opening_um(grid_i + int(base[0]), grid_j + int(base[1]))
    index = ((i - np.float32(i0)) * np.float32(columns) + (j - np.float32(j0))).astype(np.intp)
    return table.ravel().astype(np.float32), index


def _rounded_square(
    u: FloatImage, v: FloatImage, half: FloatImage, corner_fraction: float
) -> FloatImage:
    """Signed distance to a square with rounded corners, negative inside (radius as a share of the
    opening).
    """
    radius = half * np.float32(2.0 * corner_fraction)
    inner = half - radius
    qx, qy = np.abs(u) - inner, np.abs(v) - inner
    outside = np.sqrt(np.square(np.maximum(qx, 0)) + np.square(np.maximum(qy, 0)))
    distance: FloatImage = outside + np.minimum(np.maximum(qx, qy), 0) - radius
    return distance


def _open_missing_bars(
    mesh: Mesh,
    distance: FloatImage,
    u: FloatImage,
    v: FloatImage,
    base: Floats,
    index: tuple[FloatImage, FloatImage],
) -> None:
    """Where a bar is missing its two squares become one: the distance drops below zero between
    them.
    """
    i0, i1 = int(index[0].min()) - 1, int(index[0].max())
    j0, j1 = int(index[1].min()) - 1, int(index[1].max())
    grid_i, grid_j = np.meshgrid(np.arange(i0, i1 + 1), np.arange(j0, j1 + 1), indexing="ij")
    missing = mesh.missing_bars(grid_i + int(base[0]), grid_j + int(base[1]))
    half, pitch = 0.5 * mesh.spec.opening_um, mesh.spec.pitch_um
    for row, column, axis in zip(*np.nonzero(missing), strict=True):
        along, across = (u, v) if axis == 0 else (v, u)
        middle = np.array([i0 + row, j0 + column], dtype=float) * pitch
        centre_along = np.float32(middle[axis] + pitch / 2)
        gap = np.maximum(
            np.abs(along - centre_along) - np.float32(pitch / 2),
            np.abs(across - np.float32(middle[1 - axis])) - np.float32(0.93 * half),
        )
        np.minimum(distance, gap, out=distance)


def _without_solid(
    mesh: Mesh,
    coverage: FloatImage,
    affine: Affine,
    strip: tuple[int, int, int],
    pixel_size_um: float,
) -> FloatImage:
    first_row, rows, width = strip
    middle = affine.apply(width / 2, first_row + rows / 2)
    reach = 0.75 * np.hypot(rows, width) * pixel_size_um
    if not mesh.near_solid(middle.x_um, middle.y_um, float(reach)):
        return coverage
    columns, lines = np.arange(width)[None, :], np.arange(first_row, first_row + rows)[:, None]
    x = affine.a * columns + affine.b * lines + affine.tx
    y = affine.c * columns + affine.d * lines + affine.ty
    solid = np.clip(0.5 + mesh.solid_distance_um(x, y) / pixel_size_um, 0.0, 1.0)
    return coverage * (1.0 - solid).astype(np.float32)
