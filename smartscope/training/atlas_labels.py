"""What an atlas shows: every opening with its class, as far as anything of it can be seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from smartscope.domain.geometry import Affine, Point
from smartscope.microscope.simulator.specimen.labels import PARTIAL_BELOW
from smartscope.microscope.simulator.specimen.mesh import Mesh
from smartscope.microscope.simulator.specimen.values import Box, Square, SquareLabel
from smartscope.microscope.simulator.specimen.world import Specimen
from smartscope.training.samples import LabelledSquare, LatticePx, Pixel

#: of an opening less of which is in the image, and not behind rim or mark, nobody could say a word
LEAST_IN_VIEW = 0.1
_TICKS = 15

OffsetAt = Callable[[float, float], tuple[float, float]]


def squares_of(
    specimen: Specimen, to_stage: Affine, imaged: NDArray[np.bool_], offset_at: OffsetAt
) -> tuple[LabelledSquare, ...]:
    """Every opening of which a tenth or more is in view, by position (y, then x).

    `offset_at` is how far a stitched image shows things from where `to_stage` says.
    """
    labelled = []
    box = Box.of_image(to_stage, (imaged.shape[0], imaged.shape[1]))
    for i, j in _openings(specimen.mesh, box.grown(0.75 * specimen.mesh.spec.opening_um)):
        corners = _corners_px(specimen.mesh, i, j, to_stage, offset_at)
        inside = _share_imaged(corners, imaged)
        if inside < LEAST_IN_VIEW:
            continue
        square = specimen.square(i, j)
        if inside * square.numbers.visible_fraction >= LEAST_IN_VIEW:
            labelled.append(_labelled(square, corners, inside))
    return tuple(sorted(labelled, key=lambda square: (square.centre_px[1], square.centre_px[0])))


def lattice_px_of(mesh: Mesh, to_stage: Affine) -> LatticePx:
    """The mesh's two lattice vectors in pixels, as columns."""
    to_px = np.linalg.inv([[to_stage.a, to_stage.b], [to_stage.c, to_stage.d]])
    columns = to_px @ mesh.matrix().T * mesh.spec.pitch_um
    (ax, bx), (ay, by) = columns.tolist()
    return (ax, bx), (ay, by)


def _openings(mesh: Mesh, box: Box) -> Iterator[tuple[int, int]]:
    """Indices of openings with their centre in the box and not wholly behind the rim."""
    pitch = mesh.spec.pitch_um
    reach = math.hypot(box.x_max_um - box.x_min_um, box.y_max_um - box.y_min_um) / 2 / pitch
    u, v = mesh.to_mesh((box.x_min_um + box.x_max_um) / 2, (box.y_min_um + box.y_max_um) / 2)
    middle_i, middle_j = float(u) / pitch, float(v) / pitch
    for i in range(math.floor(middle_i - reach), math.ceil(middle_i + reach) + 1):
        for j in range(math.floor(middle_j - reach), math.ceil(middle_j + reach) + 1):
            x, y = (float(c) for c in mesh.to_stage(i * pitch, j * pitch))
            if box.contains(x, y) and math.hypot(x, y) < mesh.spec.rim_radius_um + pitch:
                yield i, j


def _corners_px(
    mesh: Mesh, i: int, j: int, to_stage: Affine, offset_at: OffsetAt
) -> NDArray[np.float64]:
    """(4, 2) corners in pixels, in order, moved as the tile that shows the centre is."""
    pitch, half = mesh.spec.pitch_um, float(mesh.half_opening_um(i, j)[0])
    places = [
        mesh.to_stage(i * pitch + half * u, j * pitch + half * v)
        for u, v in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    corners = np.array([to_stage.to_pixel(Point(float(x), float(y))) for x, y in places])
    return corners + offset_at(*corners.mean(axis=0))


def _share_imaged(corners: NDArray[np.float64], imaged: NDArray[np.bool_]) -> float:
    ticks = (np.arange(_TICKS) + 0.5) / _TICKS
    u, v = (grid.ravel()[:, None] for grid in np.meshgrid(ticks, ticks))
    points = corners[0] + u * (corners[1] - corners[0]) + v * (corners[3] - corners[0])
    columns, rows = np.rint(points).astype(int).T
    within = (columns >= 0) & (rows >= 0)
    within &= (columns < imaged.shape[1]) & (rows < imaged.shape[0])
    within[within] = imaged[rows[within], columns[within]]
    return float(within.mean())


def _labelled(square: Square, corners: NDArray[np.float64], inside: float) -> LabelledSquare:
    polygon: tuple[Pixel, ...] = tuple((float(x), float(y)) for x, y in corners)
    low, high, middle = corners.min(axis=0), corners.max(axis=0), corners.mean(axis=0)
    cut = inside < PARTIAL_BELOW
    return LabelledSquare(
        id=square.id,
        label=SquareLabel.PARTIAL.value if cut else square.label.value,
        sub_label="" if cut else square.sub_label,
        usable=square.usable and not cut,
        centre_px=(float(middle[0]), float(middle[1])),
        box_px=(float(low[0]), float(low[1]), float(high[0]), float(high[1])),
        polygon_px=polygon,
        inside=inside,
        numbers=square.numbers,
    )
