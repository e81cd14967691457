"""What an EPU session holds, in our units: µm, Å, e/Å², seconds since the epoch, degrees."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PureWindowsPath

from smartscope.domain.geometry import Point


class EpuImageKind(StrEnum):
    """Which rung of EPU's ladder a picture belongs to, by its file name."""

    ATLAS = "atlas"
    TILE = "tile"
    GRID_SQUARE = "grid_square"
    FOIL_HOLE = "foil_hole"
    EXPOSURE = "exposure"


@dataclass(frozen=True, slots=True, kw_only=True)
class EpuImage:
    """One image as EPU acquired it; None where the file does not say.

    `width_px`, `height_px` and `pixel_size_angstrom` are of the acquired image at its binning, not
    of the smaller JPEG at `picture`; for an atlas the size is None (see `EpuAtlas`). The pixels of
    a super-resolution movie are `super_resolution_factor` times finer.
    `defocus_um` is what was asked for, positive underfocus.
    """

    kind: EpuImageKind
    metadata_path: Path
    picture: Path | None
    display_only: bool
    foil_hole_id: int | None
    width_px: int | None
    height_px: int | None
    pixel_size_angstrom: float
    super_resolution_factor: int
    stage: Point
    stage_z_um: float | None
    acquired_at_s: float
    exposure_s: float | None
    dose_e_per_a2: float | None
    defocus_um: float | None
    nominal_magnification: float | None
    voltage_kv: float | None
    detector: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EpuSquare:
    """A grid square as EPU found it; position and box in pixels of the atlas, not of its JPEG."""

    id: int
    category: int | None
    quality: float | None
    x_px: float
    y_px: float
    width_px: float
    height_px: float
    rotation_deg: float
    stage: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class EpuAtlas:
    """A stitched atlas with its squares, in the order of the file."""

    name: str
    picture: Path | None
    image: EpuImage | None
    width_px: int
    height_px: int
    squares: tuple[EpuSquare, ...]

    def picture_scale(self, picture_width_px: int) -> float:
        """JPEG pixels per atlas pixel for a picture of that width."""
        return picture_width_px / self.width_px


@dataclass(frozen=True, slots=True, kw_only=True)
class EpuSession:
    """A session folder: `square_ids` EPU lists, and the `images` whose metadata is in it."""

    name: str
    started_at_s: float
    slot: int | None
    sample_name: str | None
    atlas_path: PureWindowsPath | None
    hole_diameter_um: float | None
    hole_spacing_um: float | None
    square_ids: tuple[int, ...]
    images: tuple[EpuImage, ...]
