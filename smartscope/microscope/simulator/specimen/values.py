"""Frozen values that the specimen hands out: poses, boxes, squares, holes, contaminants, particles,
patches.

Lattice ids are the truth's keys at every magnification: square (i, j), hole (a, b), contaminant
(kind, cell_x, cell_y, k), particle (cell_x, cell_y, k).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from smartscope.domain.geometry import Affine

FloatImage = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Where the beam meets the specimen: image centre on the stage (µm), image rotation and tilt.

    `rotation_deg` turns the image's x axis counter-clockwise in stage coordinates; `tilt_deg` tilts
    about the image's x axis, which lies along the stage's tilt axis. Relief: on a tilted film every
    place is seen z·tan α beside itself; `relief_x`, `relief_y` say how much farther along the
    image's y axis a place lies for each µm along the image's axes (∂z/∂x·tan α, ∂z/∂y·tan α).
    """

    x_um: float
    y_um: float
    rotation_deg: float = 0.0
    tilt_deg: float = 0.0
    relief_x: float = 0.0
    relief_y: float = 0.0

    def image_to_stage(self, shape: tuple[int, int], pixel_size_um: float) -> Affine:
        """Pixel (x right, y down, origin at the first pixel's centre) to stage µm; `shape` is
        (height, width).
        """
        height, width = shape
        angle = math.radians(self.rotation_deg)
        stretch = (1.0 + self.relief_y) / math.cos(math.radians(self.tilt_deg))
        a = pixel_size_um * (math.cos(angle) - self.relief_x * math.sin(angle))
        c = pixel_size_um * (math.sin(angle) + self.relief_x * math.cos(angle))
        b, d = (
            -pixel_size_um * stretch * math.sin(angle),
            pixel_size_um * stretch * math.cos(angle),
        )
        middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
        return Affine(
            a,
            b,
            self.x_um - a * middle_x - b * middle_y,
            c,
            d,
            self.y_um - c * middle_x - d * middle_y,
        )


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-parallel rectangle on the stage, µm; half-open: [x_min, x_max) x [y_min, y_max)."""

    x_min_um: float
    y_min_um: float
    x_max_um: float
    y_max_um: float

    @classmethod
    def around(cls, x_um: float, y_um: float, half_um: float) -> Box:
        """A square box of side 2·half_um."""
        return cls(x_um - half_um, y_um - half_um, x_um + half_um, y_um + half_um)

    @classmethod
    def of_image(cls, affine: Affine, shape: tuple[int, int]) -> Box:
        """The smallest box that holds every pixel of an image of (height, width)."""
        height, width = shape
        corners = [affine.apply(x, y) for x in (-0.5, width - 0.5) for y in (-0.5, height - 0.5)]
        xs, ys = [p.x_um for p in corners], [p.y_um for p in corners]
        return cls(min(xs), min(ys), max(xs), max(ys))

    def grown(self, margin_um: float) -> Box:
        """The same box with `margin_um` added on each side."""
        return Box(
            self.x_min_um - margin_um,
            self.y_min_um - margin_um,
            self.x_max_um + margin_um,
            self.y_max_um + margin_um,
        )

    def contains(self, x_um: float, y_um: float) -> bool:
        """Whether a point lies inside."""
        return self.x_min_um <= x_um < self.x_max_um and self.y_min_um <= y_um < self.y_max_um


class SquareLabel(StrEnum):
    """SmartScope's six classes of grid squares."""

    PARTIAL = "partial"
    CRACKED = "cracked"
    CONTAMINATED = "contaminated"
    DRY = "dry"
    SMALL = "small"
    GOOD = "good"


class Damage(StrEnum):
    """What happened to a square's foil."""

    NONE = "none"
    CRACKED = "cracked"
    BROKEN = "broken"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class SquareNumbers:
    """The measured state of a square, from which its label follows.

    Areas are fractions of the opening; thicknesses are of ice at hole centres.
    """

    visible_fraction: float
    missing_foil_fraction: float
    contaminated_fraction: float
    bright_fraction: float
    median_hole_ice_nm: float
    iqr_hole_ice_nm: float
    holes: int
    usable_holes: int
    mean_transmission: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """One mesh opening: how it was made, and what it therefore is."""

    id: tuple[int, int]
    stage_x_um: float
    stage_y_um: float
    opening_um: float
    corner_um: float
    rotation_deg: float
    ice_centre_nm: float
    ice_edge_nm: float
    ice_edge_power: float
    ice_lens_nm: float
    damage: Damage
    contamination_factor: float
    z_um: float
    numbers: SquareNumbers
    label: SquareLabel
    sub_label: str
    usable: bool

    def corners_um(self) -> list[tuple[float, float]]:
        """The opening's four corners on the stage, in order round the square."""
        half, angle = self.opening_um / 2, math.radians(self.rotation_deg)
        cos, sin = math.cos(angle), math.sin(angle)
        return [
            (
                self.stage_x_um + half * (u * cos - v * sin),
                self.stage_y_um + half * (u * sin + v * cos),
            )
            for u, v in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        ]


class HoleFault(StrEnum):
    """What is wrong with one hole's ice or foil."""

    NONE = "none"
    EMPTY = "empty"
    THICK = "thick"
    CRYSTALLINE = "crystalline"
    TORN = "torn"


class IceClass(StrEnum):
    """Hole-centre ice thickness in words (limits of `classify_ice`)."""

    EMPTY = "empty"
    THIN = "thin"
    GOOD = "good"
    ACCEPTABLE = "acceptable"
    THICK = "thick"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """One hole of the film; `square_id` is the mesh opening it lies in.

    `ice_nm` is at the centre, `ice_min_nm` and `ice_max_nm` over the hole. `visible` is false
    where bars or broken foil leave no hole to see.
    """

    id: tuple[int, int]
    square_id: tuple[int, int]
    stage_x_um: float
    stage_y_um: float
    diameter_um: float
    ellipticity: float
    ellipse_angle_deg: float
    fault: HoleFault
    ice_nm: float
    ice_min_nm: float
    ice_max_nm: float
    ice_class: IceClass
    visible: bool


class ContaminantKind(StrEnum):
    """The kinds of dirt."""

    FROST = "frost"
    HEXAGONAL = "hexagonal"
    SPECK = "speck"
    CRYSTALLINE_PATCH = "crystalline_patch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contaminant:
    """One particle of dirt; `ice_equivalent_nm` is its thickness expressed as vitreous ice."""

    id: tuple[str, int, int, int]
    kind: ContaminantKind
    stage_x_um: float
    stage_y_um: float
    radius_um: float
    ellipticity: float
    angle_deg: float
    ice_equivalent_nm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Particle:
    """One macromolecule: stage position, height in the ice, orientation (unit quaternion w, x, y,
    z).
    """

    id: tuple[int, int, int]
    stage_x_um: float
    stage_y_um: float
    z_nm: float
    quaternion: tuple[float, float, float, float]
    species: str
    conformer: int
    quality: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PastExposure:
    """What the beam did earlier: a disc of `radius_um` that took `dose_e_per_a2` at `time_s`."""

    stage_x_um: float
    stage_y_um: float
    radius_um: float
    dose_e_per_a2: float
    time_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A rendered piece of specimen. Arrays are (height, width) float32.

    `transmission` is I/I0 behind the objective aperture (elastic scattering, and the slit when it
    is in), before optics and camera. Masks are coverages in [0, 1]: `foil`, `hole` (ice without
    foil), `bar` (mesh, rim or mark) and `vacuum` (broken away) sum to one. `ice_nm` is the mean
    thickness of ice in the pixel, `contaminant_nm` the ice-equivalent thickness of dirt.
    """

    transmission: FloatImage
    ice_nm: FloatImage
    contaminant_nm: FloatImage
    foil: FloatImage
    hole: FloatImage
    bar: FloatImage
    vacuum: FloatImage
    foil_thickness_nm: float
    foil_is_gold: bool
    image_to_stage: Affine
    pixel_size_um: float
    seed: int
