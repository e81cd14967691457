"""The metal mesh: where its openings are, how wide each is, which bars are missing, the mark and
the rim.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from smartscope.microscope.simulator.specimen.hashing import Channel, normal, uniform
from smartscope.microscope.simulator.specimen.spec import MeshSpec

DISC_RADIUS_UM = 1525.0
NOTCH_RADIUS_UM = 45.0
# The mark is a disc with a long arm along +u and a short one along +v: asymmetric, so that
# rotation and mirror can be told. Radius, arm half-width, arm lengths in µm (assumed).
MARK_UM = (24.0, 7.0, 46.0, 32.0)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Mesh:
    """One placed mesh. Mesh coordinates (u, v) are in µm along the bars; (0, 0) is square (0, 0)'s
    centre.
    """

    spec: MeshSpec
    seed: int
    rotation_deg: float
    origin_x_um: float
    origin_y_um: float
    corner_fraction: float

    @classmethod
    def place(cls, spec: MeshSpec, seed: int) -> Mesh:
        """The grid's own rotation, origin and corner radius, from its seed."""
        draw = uniform(seed, Channel.MESH_PLACEMENT, 0, 0, np.arange(4))
        return cls(
            spec,
            seed,
            float(360.0 * draw[0]),
            float((draw[1] - 0.5) * spec.pitch_um),
            float((draw[2] - 0.5) * spec.pitch_um),
            float(0.10 + 0.10 * draw[3]),
        )

    def matrix(self) -> Floats:
        """2x2: stage offset from the origin to mesh coordinates (a rotation)."""
        angle = math.radians(self.rotation_deg)
        return np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])

    def to_mesh(self, x_um: ArrayLike, y_um: ArrayLike) -> tuple[Floats, Floats]:
        """Stage µm to mesh µm."""
        m = self.matrix()
        dx, dy = np.asarray(x_um) - self.origin_x_um, np.asarray(y_um) - self.origin_y_um
        return m[0, 0] * dx + m[0, 1] * dy, m[1, 0] * dx + m[1, 1] * dy

    def to_stage(self, u_um: ArrayLike, v_um: ArrayLike) -> tuple[Floats, Floats]:
        """Mesh µm to stage µm."""
        m = self.matrix()
        u, v = np.asarray(u_um), np.asarray(v_um)
        return (
            m[0, 0] * u + m[1, 0] * v + self.origin_x_um,
            m[0, 1] * u + m[1, 1] * v + self.origin_y_um,
        )

    def half_opening_um(self, i: ArrayLike, j: ArrayLike) -> Floats:
        """Half the opening of squares (i, j); jitter is cut at 3 standard deviations."""
        jitter = np.clip(normal(self.seed, Channel.SQUARE_OPENING, i, j), -3.0, 3.0)
        return 0.5 * self.spec.opening_um * (1.0 + self.spec.opening_jitter * jitter)

    def missing_bars(self, i: ArrayLike, j: ArrayLike) -> NDArray[np.bool_]:
        """(..., 2): whether the bar towards (i+1, j), and towards (i, j+1), is missing."""
        i, j = np.asarray(i)[..., None], np.asarray(j)[..., None]
        missing: NDArray[np.bool_] = (
            uniform(self.seed, Channel.MISSING_BAR, i, j, np.arange(2))
            < self.spec.missing_bar_probability
        )
        return missing

    def mark_centre(self) -> tuple[float, float]:
        """Mesh coordinates of the bar crossing nearest the stage's origin, where the mark sits."""
        u, v = self.to_mesh(0.0, 0.0)
        pitch = self.spec.pitch_um
        return (
            (math.floor(float(u) / pitch) + 0.5) * pitch,
            (math.floor(float(v) / pitch) + 0.5) * pitch,
        )

    def notch_centre(self) -> tuple[float, float]:
        """Stage position of the notch in the rim, on the mesh's +u axis."""
        angle = math.radians(self.rotation_deg)
        radius = self.spec.rim_radius_um
        return radius * math.cos(angle), radius * math.sin(angle)

    def solid_distance_um(self, x_um: Floats, y_um: Floats) -> Floats:
        """Signed distance to rim and mark: positive inside metal (for the few places near
        either).
        """
        radius = np.hypot(x_um, y_um)
        notch_x, notch_y = self.notch_centre()
        notch = NOTCH_RADIUS_UM - np.hypot(x_um - notch_x, y_um - notch_y)
        rim = np.minimum(radius - self.spec.rim_radius_um, DISC_RADIUS_UM - radius)
        return np.maximum(np.minimum(rim, -notch), self._mark_distance_um(x_um, y_um))

    def _mark_distance_um(self, x_um: Floats, y_um: Floats) -> Floats:
        disc, half_width, long_arm, short_arm = MARK_UM
        u, v = self.to_mesh(x_um, y_um)
        mark_u, mark_v = self.mark_centre()
        u, v = u - mark_u, v - mark_v
        inside = disc - np.hypot(u, v)
        arm_u = np.minimum(half_width - np.abs(v), np.minimum(u, long_arm - u))
        arm_v = np.minimum(half_width - np.abs(u), np.minimum(v, short_arm - v))
        return np.maximum(inside, np.maximum(arm_u, arm_v))

    def near_solid(self, x_um: float, y_um: float, reach_um: float) -> bool:
        """Whether rim or mark can lie within `reach_um` of a place."""
        mark_x, mark_y = self.to_stage(*self.mark_centre())
        to_mark = math.hypot(x_um - float(mark_x), y_um - float(mark_y))
        return math.hypot(
            x_um, y_um
        ) + reach_um > self.spec.rim_radius_um - NOTCH_RADIUS_UM or to_mark < reach_um + max(
            MARK_UM
        )
