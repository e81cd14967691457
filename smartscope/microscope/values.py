"""Frozen values that cross between a driver and its users.

Lengths µm, angles degrees, time seconds since the epoch, dose e/Å², defocus µm with
underfocus positive; pixel sizes Å. No value here is relative to an earlier one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smartscope.domain.geometry import Affine, Point

Pixels = NDArray[np.generic]


class CommandClass(Enum):
    """What a crash in the middle of a command means, and so what recovery may do."""

    READ = "read"  # repeat
    ABSOLUTE = "absolute"  # read back, repeat
    DOSE = "dose"  # never repeat by itself: adopt the file or mark it lost
    NEVER_REPEAT = "never_repeat"  # query; proved or quarantined
    LONG = "long"  # poll until done, never restart while busy


class Area(StrEnum):
    """The imaging states, from the lowest to the highest magnification."""

    ATLAS = "atlas"
    SQUARE = "square"
    HOLE = "hole"
    FOCUS = "focus"
    RECORD = "record"


class HeightMode(Enum):
    """How carefully the eucentric height is sought."""

    ROUGH = "rough"
    FINE = "fine"


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePose:
    """Where the stage says it is (or is asked to be): µm and degrees."""

    x_um: float
    y_um: float
    z_um: float = 0.0
    tilt_deg: float = 0.0

    @property
    def point(self) -> Point:
        """The position without height and tilt."""
        return Point(self.x_um, self.y_um)


@dataclass(frozen=True, slots=True)
class ImageShift:
    """A beam-image shift in specimen µm along the stage axes.

    The centre of the image shows `stage + shift`.
    """

    x_um: float
    y_um: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which instrument answers; `simulated` is shown on every surface.

    `tilt_sign` is 1 where a positive tilt raises what lies at positive stage y, -1 where it lowers.
    """

    name: str
    driver: str
    version: str
    simulated: bool
    voltage_kv: float
    spherical_aberration_mm: float
    camera: str
    has_autoloader: bool
    loader_slots: int
    has_energy_filter: bool = True
    tilt_sign: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotStatus:
    """One cassette slot; `occupied` is None while it has not been looked at."""

    slot: int
    occupied: bool | None
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The cassette and the stage; `fingerprint` changes when somebody changed the cassette."""

    slots: tuple[SlotStatus, ...]
    loaded_slot: int | None
    fingerprint: str
    read_at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VacuumStatus:
    """Whether the column may be exposed to its valves being open."""

    ready: bool
    pump_running: bool
    read_at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RefillStatus:
    """The nitrogen dewars; `next_in_s` is None when the instrument does not tell."""

    refilling: bool
    next_in_s: float | None
    read_at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnStatus:
    """Everything the suspenders look at, read in one go; stale or missing counts as bad.

    A temperature (kelvin) is None where the instrument does not tell it. `valves_unclear`: they
    read neither open nor closed, so no dose may be spent and they must be closed.
    """

    valves_open: bool
    vacuum_ready: bool
    pump_running: bool
    refilling: bool
    next_refill_in_s: float | None
    screen_down: bool
    high_tension_on: bool
    autoloader_busy: bool
    operator_stop: bool
    zero_loss_refined_at_s: float | None
    gun_flashed_at_s: float | None
    read_at_s: float
    stage_temperature_k: float | None = None
    autoloader_temperature_k: float | None = None
    valves_unclear: bool = False

    @property
    def valves_closed(self) -> bool:
        """Whether they are surely closed."""
        return not (self.valves_open or self.valves_unclear)


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaSettings:
    """One imaging state as calibrated on this microscope."""

    area: Area
    pixel_size_angstrom: float
    width_px: int
    height_px: int
    dose_e_per_a2: float
    defocus_um: float
    image_shift_limit_um: float

    @property
    def field_um(self) -> tuple[float, float]:
        """Width and height of one image on the specimen."""
        pixel_um = self.pixel_size_angstrom * 1e-4
        return self.width_px * pixel_um, self.height_px * pixel_um


@dataclass(frozen=True, slots=True, kw_only=True)
class OpticsState:
    """What the lenses are set to, for reading back after a crash."""

    area: Area
    image_shift: ImageShift
    defocus_um: float
    apertures_um: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AcquiredImage:
    """One image; `pixel_to_stage` is nominal: commanded pose and calibration, not truth.

    `pixels` is 2-D, row 0 on top; counts or electrons in the camera's own type.
    """

    area: Area
    pixels: Pixels
    pixel_size_angstrom: float
    pixel_to_stage: Affine
    pose: StagePose
    image_shift: ImageShift
    defocus_um: float
    dose_e_per_a2: float
    exposure_s: float
    taken_at_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MontagePiece:
    """One tile, with its place counted from the lower stage x and y.

    `with_the_rest`: the whole montage had been exposed when this came; nothing more is.
    """

    column: int
    row: int
    image: AcquiredImage
    with_the_rest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MontagePlan:
    """`columns` x `rows` tiles about `centre`, neighbours sharing `overlap` of their sides."""

    centre: Point
    columns: int
    rows: int
    overlap: float = 0.1
    dose_e_per_a2: float | None = None  # None: as the area is calibrated


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AcquiredMontage:
    """The tiles of a montage in the order they were taken; stitching is analysis."""

    area: Area
    plan: MontagePlan
    pieces: tuple[MontagePiece, ...]
    taken_at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordItem:
    """One high-magnification exposure; `name` is the file's stem and the key for adoption.

    `image_shift` and `defocus_um` are absolute. The dose is that of the whole exposure.
    """

    name: str
    image_shift: ImageShift
    defocus_um: float
    dose_e_per_a2: float
    frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPlan:
    """Exposures taken one after another from one stage position into `folder`."""

    items: tuple[RecordItem, ...]
    folder: Path
    save_frames: bool = True
    file_format: str = "tif"  # "tif" or "mrc"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFile:
    """A file the camera has closed; `sha256` is of the bytes on disk, None if not computed."""

    item: str
    path: Path
    frames: int
    width_px: int
    height_px: int
    pixel_size_angstrom: float
    dose_e_per_a2: float
    dose_per_frame_e_per_a2: float
    gain_path: Path | None
    mdoc_path: Path | None
    sha256: str | None
    size_bytes: int
    pose: StagePose
    image_shift: ImageShift
    defocus_um: float
    pixel_to_stage: Affine
    mean_counts: float
    exposure_s: float
    taken_at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutineCost:
    """What a routine sends at most: `images` of this dose each.

    `beside_um` is how far from the stage's place the beam lands, 0 on it; where a site does not
    say, as far as its low dose is set up, nan.
    """

    area: Area
    images: int
    dose_e_per_a2: float
    beside_um: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeightResult:
    """The stage's new height and how far it was moved to get there.

    `images` are those it took, here as in every result of a routine; None where nobody tells.
    """

    z_um: float
    moved_um: float
    passes: int
    images: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FocusResult:
    """How far focus was corrected; afterwards a defocus of 0 is in focus at the stage centre.

    `astigmatism_angstrom` is None where the instrument measures none.
    """

    corrected_um: float
    astigmatism_angstrom: float | None
    passes: int
    images: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftResult:
    """The last measured drift and the time waited for it."""

    rate_angstrom_per_s: float
    waited_s: float
    images: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """What the specimen at `target` is known to look like, from any magnification."""

    image: AcquiredImage
    target: Point
    extent_um: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RealignResult:
    """Where `Reference.target` was found, in the stage coordinates of the area now in use."""

    found: Point
    offset_um: float
    correlation: float
    image: AcquiredImage

    @property
    def images(self) -> int:
        """The one it looked at."""
        return 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeStateReport:
    """What `safe_state` did: each action's name, and what went wrong with it ("" for nothing)."""

    actions: tuple[tuple[str, str], ...] = field(default=())

    @property
    def valves_closed(self) -> bool:
        """True only when closing the valves was confirmed."""
        return ("close_valves", "") in self.actions
