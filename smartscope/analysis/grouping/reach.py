"""Which holes the beam can reach by image shift from which places, as sparse neighbour lists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from smartscope.analysis.base import BoolArray, FloatArray, IntArray

RADIUS_SLACK_UM = 1e-9


@dataclass(frozen=True, slots=True)
class Tilt:
    """A tilted specimen: offsets across the axis appear shortened by the cosine and change focus.

    `axis_deg` is the direction of the tilt axis on the stage, from x towards y.
    `max_focus_change_um` limits |v sin α|; `None` leaves it free.
    """

    angle_deg: float = 0.0
    axis_deg: float = 0.0
    max_focus_change_um: float | None = None

    def along_and_across_um(self, positions_um: FloatArray) -> FloatArray:
        """Specimen offsets (N, 2) turned so that the first column runs along the axis."""
        turn = np.deg2rad(self.axis_deg)
        rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        return np.asarray(positions_um @ rotation.T)

    def image_plane_um(self, positions_um: FloatArray) -> FloatArray:
        """Specimen offsets (N, 2) as image shift sees them: shortened across the axis."""
        scale = np.array([1.0, np.cos(np.deg2rad(self.angle_deg))])
        return np.asarray(self.along_and_across_um(positions_um) * scale)

    def heights_um(self, positions_um: FloatArray) -> FloatArray:
        """(N,) v sin α of specimen offsets (N, 2): how far they lie above the axis."""
        across = self.along_and_across_um(positions_um)[:, 1]
        return np.asarray(across * np.sin(np.deg2rad(self.angle_deg)))


@dataclass(frozen=True, slots=True)
class Reach:
    """Neighbour lists in compressed rows: `members[starts[j]:starts[j + 1]]` is in reach of point
    j.

    Every point reaches itself and reach is mutual. `shifts_um` are image-shift lengths, same order.
    Points that are no hole (`is_hole` False) may be centres, but need not be reached.
    """

    starts: IntArray
    members: IntArray
    shifts_um: FloatArray
    is_hole: BoolArray

    def __len__(self) -> int:
        return len(self.starts) - 1

    def of(self, centre: int) -> IntArray:
        """The points in reach of `centre`, ascending, itself included."""
        return self.members[self.starts[centre] : self.starts[centre + 1]]

    @property
    def counts(self) -> IntArray:
        """(N,) how many holes each point reaches."""
        holes = np.concatenate([[0], np.cumsum(self.is_hole[self.members])])
        return np.asarray(holes[self.starts[1:]] - holes[self.starts[:-1]], dtype=np.int64)

    def components(self) -> IntArray:
        """(N,) the connected component each point belongs to."""
        return np.asarray(connected_components(self.as_matrix(), directed=False)[1], dtype=np.int64)

    def as_matrix(self) -> csr_matrix:
        """(N, N) sparse, 1 where one point reaches the other."""
        ones = np.ones(len(self.members))
        return csr_matrix((ones, self.members, self.starts), shape=(len(self), len(self)))

    def part(self, points: IntArray) -> Reach:
        """The neighbour lists of a connected component (ascending indices), renumbered."""
        if len(points) == len(self):
            return self
        number = np.full(len(self), -1, dtype=np.int64)
        number[points] = np.arange(len(points))
        spans = [np.arange(self.starts[point], self.starts[point + 1]) for point in points]
        rows = np.concatenate(spans)
        starts = np.concatenate([[0], np.cumsum([len(span) for span in spans])]).astype(np.int64)
        return Reach(starts, number[self.members[rows]], self.shifts_um[rows], self.is_hole[points])


def reach(
    positions_um: FloatArray,
    radius_um: float,
    tilt: Tilt,
    *,
    is_hole: BoolArray | None = None,
) -> Reach:
    """Neighbour lists of points (N, 2) within `radius_um` of image shift, in the image plane."""
    image_plane = tilt.image_plane_um(positions_um)
    pairs = cKDTree(image_plane).query_pairs(radius_um + RADIUS_SLACK_UM, output_type="ndarray")
    if tilt.max_focus_change_um is not None and len(pairs):
        height = tilt.heights_um(positions_um)
        change = np.abs(height[pairs[:, 0]] - height[pairs[:, 1]])
        pairs = pairs[change <= tilt.max_focus_change_um + RADIUS_SLACK_UM]
    own = np.arange(len(positions_um))
    rows = np.concatenate([pairs[:, 0], pairs[:, 1], own])
    columns = np.concatenate([pairs[:, 1], pairs[:, 0], own])
    order = np.lexsort((columns, rows))
    rows, columns = rows[order].astype(np.int64), columns[order].astype(np.int64)
    starts = np.searchsorted(rows, np.arange(len(positions_um) + 1)).astype(np.int64)
    shifts = np.linalg.norm(image_plane[rows] - image_plane[columns], axis=1)
    holes = np.ones(len(positions_um), dtype=np.bool_) if is_hole is None else is_hole
    return Reach(starts, columns, shifts, holes)
