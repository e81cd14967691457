"""What every analysis plug-in receives and returns: arrays and geometry in, findings out, nothing
decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.manifest import Manifest
from smartscope.domain.aim import BEAM_RADIUS_UM
from smartscope.domain.errors import SmartscopeError
from smartscope.domain.geometry import Affine, Point

FloatImage = NDArray[np.float32]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]


class UnusableImage(SmartscopeError):
    """An image has the wrong shape, type or geometry; the message says which and what to give
    instead.
    """


class Level(StrEnum):
    """The rung of the imaging ladder an image was taken on."""

    ATLAS = "atlas"
    SQUARE = "square"
    HOLE = "hole"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class Tile:
    """One camera frame of a montage.

    `pixels` is (height, width), any real type. `piece_x_px, piece_y_px` is where the instrument
    meant its first pixel to lie in the montage, x right, y down. `to_stage` is the tile's own
    pixel-to- stage map, from the stage position read when it was taken; `None` when that was not
    recorded.
    """

    pixels: NDArray[np.generic]
    piece_x_px: float
    piece_y_px: float
    to_stage: Affine | None = None


@dataclass(frozen=True, slots=True)
class PlacedTile:
    """Where a tile ended up in a stitched image: position of its first pixel, its size, its own
    map.
    """

    x_px: float
    y_px: float
    width_px: int
    height_px: int
    to_stage: Affine

    def depth_px(self, x_px: float, y_px: float) -> float:
        """How far inside the tile a stitched pixel lies; negative outside."""
        left, top = x_px - self.x_px, y_px - self.y_px
        return min(left, top, self.width_px - 1 - left, self.height_px - 1 - top)

    def stage_of(self, x_px: float, y_px: float) -> Point:
        """Stage position (µm) of a pixel of the stitched image, by this tile's own map."""
        return self.to_stage.apply(x_px - self.x_px, y_px - self.y_px)


@dataclass(frozen=True, slots=True)
class Image:
    """A float32 picture (height, width) of the specimen and how its pixels map to the stage.

    `mask` is True where something was imaged (`None`: everywhere). `tiles` is not empty for a
    stitched image: then `stage_of` uses the tile that holds the pixel deepest, so a stitching
    break costs no accuracy. Pixel origin: centre of the first pixel, x right, y down.
    """

    pixels: FloatImage
    level: Level
    to_stage: Affine
    tilt_deg: float = 0.0
    mask: BoolArray | None = None
    tiles: tuple[PlacedTile, ...] = ()

    def __post_init__(self) -> None:
        if self.pixels.ndim != 2 or self.pixels.size == 0:
            raise UnusableImage(
                "An image must be two-dimensional and not empty; "
                f"this one has shape {self.pixels.shape}."
            )
        if self.mask is not None and self.mask.shape != self.pixels.shape:
            raise UnusableImage(
                f"The mask has shape {self.mask.shape}, the image {self.pixels.shape}; "
                "they must agree."
            )

    @classmethod
    def from_array(
        cls,
        pixels: NDArray[np.generic],
        *,
        level: Level,
        to_stage: Affine,
        tilt_deg: float = 0.0,
        mask: BoolArray | None = None,
    ) -> Image:
        """An image of any real pixel type, copied to float32; pixels that are not finite are
        masked.
        """
        data = np.array(pixels, dtype=np.float32)
        finite = np.isfinite(data)
        if not finite.all():
            data = np.where(finite, data, np.float32(0.0))
            mask = finite if mask is None else mask & finite
        return cls(data, level, to_stage, tilt_deg, mask)

    @property
    def pixel_size_um(self) -> float:
        """Mean side of a pixel on the specimen, µm."""
        return self.to_stage.pixel_size_um()

    @property
    def pixel_size_angstrom(self) -> float:
        """Mean side of a pixel on the specimen, Å."""
        return 1e4 * self.pixel_size_um

    @property
    def imaged(self) -> BoolArray:
        """(height, width), True where something was imaged."""
        return np.ones(self.pixels.shape, dtype=np.bool_) if self.mask is None else self.mask

    def stage_of(self, x_px: float, y_px: float) -> Point:
        """Stage position (µm) of a pixel."""
        if not self.tiles:
            return self.to_stage.apply(x_px, y_px)
        deepest = max(self.tiles, key=lambda tile: tile.depth_px(x_px, y_px))
        return deepest.stage_of(x_px, y_px)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTarget:
    """A target that already has a row: findings near it carry its id, and a person's label
    stays.
    """

    id: str
    position: Point
    human_label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindContext:
    """What is known before looking; every `None` means not known, and then it is measured or left
    out.

    Lengths in µm. `lattice` is "square", "triangular" or "none" (lacey, continuous film); `foil` is
    "carbon" or "gold". `vacuum_intensity` is I0 in the counts of the image at hand, with its
    relative error; `attenuation_length_nm` is the calibrated λ with its relative error.
    `beam_radius_um` is what one exposure illuminates, which films without holes are searched for.
    """

    mesh_opening_um: float | None = None
    mesh_bar_um: float | None = None
    hole_diameter_um: float | None = None
    hole_pitch_um: float | None = None
    lattice: str = "square"
    foil: str = "carbon"
    vacuum_intensity: float | None = None
    vacuum_intensity_error: float = 0.01
    attenuation_length_nm: float = 300.0
    attenuation_length_error: float = 0.05
    grid_radius_um: float = 975.0
    beam_radius_um: float = BEAM_RADIUS_UM
    known: tuple[KnownTarget, ...] = ()
    seed: int = 0

    @property
    def mesh_pitch_um(self) -> float | None:
        """Opening plus bar, when both are known."""
        if self.mesh_opening_um is None or self.mesh_bar_um is None:
            return None
        return self.mesh_opening_um + self.mesh_bar_um


@dataclass(frozen=True, slots=True)
class Lattice:
    """Nodes at origin + columns · (i, j), all in pixels; `basis` holds two columns ((ax, bx), (ay,
    by)).
    """

    origin_px: tuple[float, float]
    basis_px: tuple[tuple[float, float], tuple[float, float]]
    residual_px: float

    @property
    def pitch_px(self) -> float:
        """Mean length of the two basis vectors."""
        (ax, bx), (ay, by) = self.basis_px
        return float((np.hypot(ax, ay) + np.hypot(bx, by)) / 2)

    def nodes(self, indices: IntArray) -> FloatArray:
        """Positions (N, 2) as x, y in pixels of the lattice indices (N, 2)."""
        return np.asarray(np.asarray(self.origin_px) + indices @ np.asarray(self.basis_px).T)

    def coordinates(self, positions_px: FloatArray) -> FloatArray:
        """Real-valued lattice coordinates (N, 2) of positions (N, 2)."""
        return np.linalg.solve(
            np.asarray(self.basis_px), (positions_px - np.asarray(self.origin_px)).T
        ).T


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """N targets in one image, sorted by position (y, then x).

    `positions_px` (N, 2) x, y; `boxes_px` (N, 4) x0, y0, x1, y1 of the whole target, which may
    reach beyond the image; `radii_px` (N,); `outlines_px` one (K, 2) polygon each, or empty;
    `areas_px` (N,) is what is seen of each, where measured; `probabilities` (N, L) in the order of
    `labels`; `scores` (N,) 0-1; `predicted` (N,) True where the lattice, not the picture, says
    that a target is there. `missing_px` are lattice nodes without one.
    """

    positions_px: FloatArray
    boxes_px: FloatArray
    radii_px: FloatArray
    scores: FloatArray
    probabilities: FloatArray
    labels: tuple[str, ...]
    predicted: BoolArray
    indices: IntArray | None = None
    outlines_px: tuple[FloatArray, ...] = ()
    lattice: Lattice | None = None
    areas_px: FloatArray | None = None
    missing_px: FloatArray = field(default_factory=lambda: np.empty((0, 2)))
    diagnostics: Mapping[str, float | str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.positions_px)


@dataclass(frozen=True, slots=True)
class Labels:
    """A classifier's answer: the chosen label per target and probabilities (N, L) in manifest
    order.
    """

    names: tuple[str, ...]
    chosen: tuple[str, ...]
    probabilities: FloatArray


@runtime_checkable
class Plugin(Protocol):
    """Anything the registry can hand out."""

    @property
    def manifest(self) -> Manifest:
        """What it is, where it comes from, what it needs."""
        ...


@runtime_checkable
class Stitcher(Plugin, Protocol):
    """Joins the tiles of one montage."""

    def stitch(self, tiles: Sequence[Tile], *, level: Level, to_stage: Affine | None) -> Image:
        """One image; `to_stage` maps piece coordinates, `None` takes the tiles' own maps."""
        ...


@runtime_checkable
class Finder(Plugin, Protocol):
    """Finds targets in an image."""

    def find(self, image: Image, context: FindContext) -> Findings:
        """Targets sorted by position; none is an answer, not an error."""
        ...


@runtime_checkable
class Classifier(Plugin, Protocol):
    """Judges targets that somebody found."""

    def classify(self, image: Image, targets: Findings) -> Labels:
        """One label per target."""
        ...


@runtime_checkable
class Selector(Plugin, Protocol):
    """Gives each target a number on which limits can be put."""

    def values(self, image: Image | None, targets: Findings) -> FloatArray:
        """(N,) values in the unit its manifest states; not a number where unknown."""
        ...
