"""Labelled images as values: an atlas with its squares, a square's image with its holes and dirt.

Pixels: x right, y down, the origin is the centre of the first pixel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartscope.domain.geometry import Affine
from smartscope.microscope.simulator.specimen.spec import FilmSpec, MeshSpec
from smartscope.microscope.simulator.specimen.values import SquareNumbers
from smartscope.training.split import Split

Pixel = tuple[float, float]
#: two lattice vectors as columns: ((ax, bx), (ay, by))
LatticePx = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledSquare:
    """One mesh opening of an atlas.

    `box_px` (x0, y0, x1, y1) is axis-parallel and holds the whole opening, also what lies beyond
    the image; `polygon_px` are its corners. `inside` is the share of it on imaged pixels; below
    0.7 the label is partial. `numbers` are what the simulator measured, whatever the label.
    """

    id: tuple[int, int]
    label: str
    sub_label: str
    usable: bool
    centre_px: Pixel
    box_px: tuple[float, float, float, float]
    polygon_px: tuple[Pixel, ...]
    inside: float
    numbers: SquareNumbers


@dataclass(frozen=True, slots=True, kw_only=True)
class AtlasSample:
    """A labelled atlas. `pixels` (height, width) uint16 counts, 0 where `imaged` is False.

    `mesh` and `film` are what a person would have declared; `lattice_px` is the mesh's.
    `conditions` says what was drawn at random.
    """

    number: int
    grid_id: str
    split: Split
    pixels: NDArray[np.uint16]
    imaged: NDArray[np.bool_]
    pixel_size_um: float
    to_stage: Affine
    mesh: MeshSpec
    film: FilmSpec
    squares: tuple[LabelledSquare, ...]
    lattice_px: LatticePx
    conditions: Mapping[str, float | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledHole:
    """One hole of the film that can be seen, or could if its ice were thinner.

    `radius_px` is the untilted one; `axes_px` are the semi-axes (long, short) as the image shows
    it, the long one turned by `angle_deg` from x to y. `dirty` is the share of the hole under dirt
    that passes less than 0.6 of the beam.
    """

    id: tuple[int, int]
    centre_px: Pixel
    radius_px: float
    axes_px: tuple[float, float]
    angle_deg: float
    ice_nm: float
    fault: str
    dirty: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledContaminant:
    """One particle of dirt of at least 1.5 px that passes less than 0.8 of the beam."""

    kind: str
    centre_px: Pixel
    radius_px: float
    transmission: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SquareSample:
    """A labelled image of one square, or of a part of it. `pixels` (height, width) uint16 counts.

    `level` is "square" or "hole"; tilt about the image's x axis. `lattice_px` is the film's and
    `origin_px` one of its nodes near the middle; both None without a
    hole in view. Films without a lattice are not drawn.
    """

    number: int
    grid_id: str
    split: Split
    level: str
    pixels: NDArray[np.uint16]
    pixel_size_um: float
    to_stage: Affine
    tilt_deg: float
    mesh: MeshSpec
    film: FilmSpec
    square_label: str
    square_polygon_px: tuple[Pixel, ...]
    holes: tuple[LabelledHole, ...]
    contaminants: tuple[LabelledContaminant, ...]
    lattice_px: LatticePx | None
    origin_px: Pixel | None
    conditions: Mapping[str, float | str]
