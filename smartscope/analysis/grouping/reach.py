"""Which holes the beam can reach by image shift from which, as sparse neighbour lists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from smartscope.analysis.base import FloatArray, IntArray

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


@dataclass(frozen=True, slots=True)
class Reach:
    """Neighbour lists in compressed rows: `members[starts[j]:starts[j + 1]]` can be shot from hole
    j.

    Every hole reaches itself and reach is mutual. `shifts_um` are image-shift lengths, same order.
    """

    starts: IntArray
    members: IntArray
    shifts_um: FloatArray

    def __len__(self) -> int:
        return len(self.starts) - 1

    def of(self, centre: int) -> IntArray:
        """The holes that can be shot from `centre`, ascending, itself included."""
        return self.members[self.starts[centre] : self.starts[centre + 1]]

    @property
    def counts(self) -> IntArray:
        """How many holes each hole reaches."""
        return np.diff(self.starts)

    def components(self) -> IntArray:
        """(N,) the connected component each hole belongs to."""
        size = len(self)
        graph = csr_matrix(
            (np.ones(len(self.members)), self.members, self.starts), shape=(size, size)
        )
        return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def reach(positions_um: FloatArray, radius_um: float, tilt: Tilt) -> Reach:
    """Neighbour lists of holes (N, 2) within `radius_um` of image shift, in the image plane."""
    across_scale = np.cos(np.deg2rad(tilt.angle_deg))
    offsets = tilt.along_and_across_um(positions_um)
    image_plane = offsets * np.array([1.0, across_scale])
    pairs = cKDTree(image_plane).query_pairs(radius_um + RADIUS_SLACK_UM, output_type="ndarray")
    if tilt.max_focus_change_um is not None and len(pairs):
        height = offsets[:, 1] * np.sin(np.deg2rad(tilt.angle_deg))
        change = np.abs(height[pairs[:, 0]] - height[pairs[:, 1]])
        pairs = pairs[change <= tilt.max_focus_change_um + RADIUS_SLACK_UM]
    own = np.arange(len(positions_um))
    rows = np.concatenate([pairs[:, 0], pairs[:, 1], own])
    columns = np.concatenate([pairs[:, 1], pairs[:, 0], own])
    order = np.lexsort((columns, rows))
    rows, columns = rows[order].astype(np.int64), columns[order].astype(np.int64)
    starts = np.searchsorted(rows, np.arange(len(positions_um) + 1)).astype(np.int64)
    shifts = np.linalg.norm(image_plane[rows] - image_plane[columns], axis=1)
    return Reach(starts, columns, shifts)
