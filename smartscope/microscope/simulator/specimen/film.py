"""The holey film: a warped lattice of holes, each with its own diameter and its own faults."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from smartscope.microscope.simulator.specimen.hashing import Channel, normal, uniform
from smartscope.microscope.simulator.specimen.lacey import VOID_FRACTION, Strands
from smartscope.microscope.simulator.specimen.noise import smooth
from smartscope.microscope.simulator.specimen.spec import FilmKind, FilmSpec, IceSpec

WARP_UM = 0.35
WARP_CELL_UM = 60.0
CRYSTALLINE_CLUSTER_UM = 10.0
FAULT_NONE, FAULT_EMPTY, FAULT_THICK, FAULT_CRYSTALLINE, FAULT_TORN, FAULT_MISSING = range(6)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HoleStates:
    """Arrays over holes: radius (0 where no hole was made), fault code, and ice = t·scale +
    extra.
    """

    radius_um: Floats
    fault: NDArray[np.int64]
    ice_scale: Floats
    ice_extra_nm: Floats


@dataclass(frozen=True, slots=True)
class Film:
    """One placed film. Hole (a, b) sits where position + warp = basis · (a, b)."""

    spec: FilmSpec
    seed: int
    basis: tuple[tuple[float, float], tuple[float, float]]
    diameter_um: float
    ellipticity: float
    ellipse_angle_deg: float

    @classmethod
    def place(cls, spec: FilmSpec, seed: int) -> Film:
        """Rotation uniform, scale ±1 %, shear ±0.6 %, diameter ±2 %, ellipticity to 2 %
        (assumed).
        """
        draw = uniform(seed, Channel.FILM_PLACEMENT, 0, 0, np.arange(6))
        angle, scale = 2.0 * math.pi * draw[0], 1.0 + 0.01 * (2.0 * draw[1] - 1.0)
        shear = 0.006 * (2.0 * draw[2] - 1.0)
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        stretch = np.array([[1.0, shear], [shear, 1.0]])
        basis = spec.pitch_um * scale * turn @ stretch @ np.array(spec.lattice).T
        return cls(
            spec,
            seed,
            (
                (float(basis[0, 0]), float(basis[0, 1])),
                (float(basis[1, 0]), float(basis[1, 1])),
            ),
            float(spec.hole_um * (1.0 + 0.02 * (2.0 * draw[3] - 1.0))),
            float(0.02 * draw[4]),
            float(180.0 * draw[5]),
        )

    def basis_matrix(self) -> Floats:
        """2x2, µm: columns are the lattice vectors."""
        return np.array(self.basis)

    def strands(self) -> Strands:
        """What a lacey film is made of."""
        return Strands(self.seed)

    def cell_area_um2(self) -> float:
        """Area of one lattice cell."""
        return abs(float(np.linalg.det(self.basis_matrix())))

    def hole_fraction(self) -> float:
        """Mean fraction of the film that is hole or void, for images that cannot resolve them."""
        if self.spec.kind is FilmKind.LACEY:
            return VOID_FRACTION
        made = 1.0 - self.spec.missing_hole_probability
        return made * math.pi * (self.diameter_um / 2) ** 2 / self.cell_area_um2()

    def metric(self) -> Floats:
        """2x2 form G with r² = fᵀ G f for a fractional lattice offset f, holding the ellipse (area
        kept).
        """
        angle = math.radians(self.ellipse_angle_deg)
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        axes = turn.T @ np.diag([1.0 / (1 + self.ellipticity), 1 + self.ellipticity]) @ turn
        basis = self.basis_matrix()
        form: Floats = basis.T @ axes @ basis
        return form

    def warp_um(self, x_um: Floats, y_um: Floats) -> tuple[Floats, Floats]:
        """Displacement of the lattice at stage points, 0.35 µm rms over 60 µm."""
        return (
            WARP_UM * smooth(self.seed, Channel.FILM_WARP_X, x_um, y_um, WARP_CELL_UM),
            WARP_UM * smooth(self.seed, Channel.FILM_WARP_Y, x_um, y_um, WARP_CELL_UM),
        )

    def lattice_coordinates(self, x_um: ArrayLike, y_um: ArrayLike) -> tuple[Floats, Floats]:
        """Stage µm to lattice units: whole numbers are hole centres."""
        x, y = np.atleast_1d(np.asarray(x_um, float)), np.atleast_1d(np.asarray(y_um, float))
        warp_x, warp_y = self.warp_um(x, y)
        inverse = np.linalg.inv(self.basis_matrix())
        x, y = x + warp_x, y + warp_y
        return inverse[0, 0] * x + inverse[0, 1] * y, inverse[1, 0] * x + inverse[1, 1] * y

    def centres_um(self, a: ArrayLike, b: ArrayLike) -> tuple[Floats, Floats]:
        """Stage positions of holes (a, b): the lattice inverted by fixed-point iterations."""
        a, b = np.asarray(a, float), np.asarray(b, float)
        basis = self.basis_matrix()
        ideal_x = basis[0, 0] * a + basis[0, 1] * b
        ideal_y = basis[1, 0] * a + basis[1, 1] * b
        x, y = ideal_x, ideal_y
        for _ in range(4):
            warp_x, warp_y = self.warp_um(x, y)
            x, y = ideal_x - warp_x, ideal_y - warp_y
        return x, y

    def states(self, a: NDArray[np.int64], b: NDArray[np.int64], ice: IceSpec) -> HoleStates:
        """Radius and fault of holes (a, b); radii vary by 15 nm, faults cluster where ice
        crystallised.
        """
        radius = self.diameter_um / 2 + 0.0075 * np.clip(
            normal(self.seed, Channel.HOLE_SIZE, a, b), -3, 3
        )
        fault = self._faults(a, b, ice)
        amount = uniform(self.seed, Channel.HOLE_FAULT_AMOUNT, a, b)
        radius = np.where(fault == FAULT_MISSING, 0.0, radius)
        radius = np.where(fault == FAULT_TORN, radius * (1.1 + 0.25 * amount), radius)
        scale = np.where((fault == FAULT_EMPTY) | (fault == FAULT_TORN), 0.0, 1.0)
        extra = np.where(fault == FAULT_THICK, 50.0 + 100.0 * amount, 0.0)
        extra = np.where(fault == FAULT_CRYSTALLINE, 25.0 * amount, extra)
        return HoleStates(radius, fault, scale, extra)

    def _faults(
        self, a: NDArray[np.int64], b: NDArray[np.int64], ice: IceSpec
    ) -> NDArray[np.int64]:
        draw = uniform(self.seed, Channel.HOLE_FAULT, a, b, 0)
        limits = np.cumsum(
            [
                self.spec.missing_hole_probability,
                self.spec.torn_hole_probability,
                ice.empty_hole_probability,
                ice.thick_hole_probability,
            ]
        )
        codes = np.array([FAULT_MISSING, FAULT_TORN, FAULT_EMPTY, FAULT_THICK, FAULT_NONE])
        fault = codes[np.searchsorted(limits, draw, side="right")]
        basis = self.basis_matrix()
        x, y = basis[0, 0] * a + basis[0, 1] * b, basis[1, 0] * a + basis[1, 1] * b
        cluster = smooth(self.seed, Channel.CRYSTALLINE_CLUSTER, x, y, CRYSTALLINE_CLUSTER_UM)
        # P(n > 1.5) is 0.067: inside such clusters holes crystallise often enough to keep the mean.
        odds = np.where(cluster > 1.5, ice.crystalline_hole_probability / 0.067, 0.0)
        crystalline = uniform(self.seed, Channel.HOLE_FAULT, a, b, 1) < odds
        return np.where((fault == FAULT_NONE) & crystalline, FAULT_CRYSTALLINE, fault)
