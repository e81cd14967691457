"""Every collection parameter, its default and its limits, and the words for grids and films."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from smartscope.domain.errors import InvalidInput


class Aim(StrEnum):
    """What a sample of squares and holes is for."""

    #: every kind there is, once before any is seen twice
    DIVERSE = "diverse"
    #: kinds as often as the grid has them
    REPRESENTATIVE = "representative"
    #: kinds that promise most usable exposures
    BEST = "best"


class PickingMethod(StrEnum):
    """Who looks for particles in every exposure once it is measured; the names are plug-ins'."""

    NONE = "none"
    MATCHED = "matched-picker"
    CLUSTERS = "intensity-clusters"


class Mode(StrEnum):
    ATLAS_ONLY = "atlas_only"
    SCREENING = "screening"
    COLLECTION = "collection"


@dataclass(frozen=True, slots=True)
class HoleType:
    """A support film: hole diameter and pitch in µm; None where the film has no lattice."""

    name: str
    diameter_um: float | None
    pitch_um: float | None
    lattice: str = "square"


@dataclass(frozen=True, slots=True)
class Mesh:
    """A grid mesh: opening and bar of a square in µm."""

    name: str
    opening_um: float
    bar_um: float

    @property
    def pitch_um(self) -> float:
        return self.opening_um + self.bar_um


#: Diameters and spacings as the vendors print them.
HOLE_TYPES: Mapping[str, HoleType] = {
    film.name: film
    for film in (
        HoleType("R0.6/1", 0.6, 1.6),
        HoleType("R1.2/1.3", 1.2, 2.5),
        HoleType("R2/1", 2.0, 3.0),
        HoleType("R2/2", 2.0, 4.0),
        HoleType("R2/4", 2.0, 6.0),
        HoleType("UltrAuFoil R1.2/1.3", 1.2, 2.5),
        HoleType("UltrAuFoil R0.6/1", 0.6, 1.6),
        HoleType("HexAuFoil", 0.3, 0.6, "triangular"),
        HoleType("lacey", None, None, "none"),
        HoleType("continuous", None, None, "none"),
    )
}
MESHES: Mapping[str, Mesh] = {
    mesh.name: mesh for mesh in (Mesh("200", 90, 35), Mesh("300", 58, 25), Mesh("400", 37, 25))
}
MESH_MATERIALS = ("copper", "gold", "rhodium", "nickel", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionProtocol:
    """How one grid is imaged. `None` means off (or automatic, where the comment says so)."""

    atlas_only: bool = False
    atlas_tiles_x: int = 3
    atlas_tiles_y: int = 3
    square_tiles_x: int = 1
    square_tiles_y: int = 1
    squares_per_grid: int = 3
    #: stage targets (groups) per square; 0 means all, which is collection mode
    holes_per_square: int = 3
    selection_aim: Aim = Aim.DIVERSE
    image_shift_radius_um: float = 0.0
    min_group_size: int = 1
    #: None: as many as the radius reaches
    max_group_size: int | None = None
    #: how far beam shift on a tilted specimen may change the focus; None: as far as the radius
    max_focus_change_um: float | None = None
    #: underfocus is positive
    defocus_min_um: float = 2.0
    defocus_max_um: float = 2.0
    defocus_step_um: float = 0.0
    drift_limit_angstrom_per_s: float | None = None
    tilt_deg: float = 0.0
    #: True keeps the frames; False keeps only the aligned sum
    save_frames: bool = True
    zero_loss_interval_h: float | None = None
    #: how often the gun is asked whether it wants flashing
    gun_flash_interval_h: float | None = None
    dark_reference_interval_h: float | None = None
    #: astigmatism and coma, on the film beside a group
    tuning_interval_h: float | None = None
    #: None: on when screening, off when collecting
    offset_targeting: bool | None = None
    #: None: drawn anew for each hole within half a hole radius
    offset_distance_um: float | None = None
    pause_between_grids: bool = False
    #: after a gap the run goes on by itself when nothing changed; False asks a person
    resumes_by_itself: bool = True
    record_dose_e_per_angstrom2: float = 40.0
    #: holes outside this range are not imaged unless a person queues them
    ice_min_nm: float = 10.0
    ice_max_nm: float = 100.0
    #: after so long on a grid only what a person queued is still imaged; None: no limit
    budget_minutes: float | None = None
    picking_method: PickingMethod = PickingMethod.MATCHED
    #: None: measured in the exposures themselves
    particle_diameter_angstrom: float | None = None
    #: every exposure; False: those that somebody asks for
    denoise_exposures: bool = False
    #: sums on half the pixel, of every exposure; False: of those that somebody asks for
    fine_sums: bool = False

    @property
    def mode(self) -> Mode:
        if self.atlas_only:
            return Mode.ATLAS_ONLY
        return Mode.COLLECTION if self.holes_per_square == 0 else Mode.SCREENING

    @property
    def offsets_targets(self) -> bool:
        """Whether exposures are placed off the hole centre, to sample the ice across the hole."""
        if self.offset_targeting is None:
            return self.mode is Mode.SCREENING
        return self.offset_targeting

    def defocus_um(self, count: int) -> float:
        """Underfocus (µm) of the `count`-th group (from 0): a cycle from min by step up to max."""
        if self.defocus_step_um == 0.0:
            return self.defocus_min_um
        span = self.defocus_max_um - self.defocus_min_um
        steps = math.floor(span / self.defocus_step_um + 1e-9) + 1
        return self.defocus_min_um + (count % steps) * self.defocus_step_um


#: Inclusive limits of the numeric parameters: what no instrument here should be asked for.
LIMITS: Mapping[str, tuple[float, float]] = {
    "atlas_tiles_x": (1, 12),
    "atlas_tiles_y": (1, 12),
    "square_tiles_x": (1, 5),
    "square_tiles_y": (1, 5),
    "squares_per_grid": (1, 500),
    "holes_per_square": (0, 2000),
    "image_shift_radius_um": (0.0, 15.0),
    "min_group_size": (1, 50),
    "max_group_size": (1, 500),
    "max_focus_change_um": (0.05, 20.0),
    "defocus_min_um": (0.0, 10.0),
    "defocus_max_um": (0.0, 10.0),
    "defocus_step_um": (0.0, 5.0),
    "drift_limit_angstrom_per_s": (0.1, 50.0),
    "tilt_deg": (-60.0, 60.0),
    "zero_loss_interval_h": (0.1, 48.0),
    "gun_flash_interval_h": (0.5, 168.0),
    "dark_reference_interval_h": (0.5, 168.0),
    "tuning_interval_h": (0.5, 168.0),
    "offset_distance_um": (0.0, 5.0),
    "record_dose_e_per_angstrom2": (0.1, 150.0),
    "ice_min_nm": (0.0, 1000.0),
    "ice_max_nm": (0.0, 1000.0),
    "budget_minutes": (5.0, 2880.0),
    "particle_diameter_angstrom": (20.0, 2000.0),
}
#: parameters that are one of several words
WORDS: Mapping[str, type[StrEnum]] = {"selection_aim": Aim, "picking_method": PickingMethod}
PARAMETER_NAMES: tuple[str, ...] = tuple(field.name for field in fields(CollectionProtocol))


def problems_of(protocol: CollectionProtocol) -> dict[str, str]:
    """What is impossible about a protocol, by parameter name; empty when it can be run."""
    found: dict[str, str] = {}
    for name, (low, high) in LIMITS.items():
        value = getattr(protocol, name)
        if value is None:
            continue
        if not math.isfinite(value) or not low <= value <= high:
            found[name] = f"{value:g} is outside {low:g} to {high:g}; choose a value within."
    if protocol.defocus_max_um < protocol.defocus_min_um:
        found.setdefault(
            "defocus_max_um",
            f"{protocol.defocus_max_um:g} µm is below defocus_min_um "
            f"({protocol.defocus_min_um:g} µm); underfocus is positive, so give the larger last.",
        )
    if protocol.ice_max_nm <= protocol.ice_min_nm:
        found.setdefault("ice_max_nm", "must exceed ice_min_nm, or no hole can ever be in range.")
    if protocol.max_group_size is not None and protocol.max_group_size < protocol.min_group_size:
        found.setdefault(
            "max_group_size",
            f"{protocol.max_group_size} is below min_group_size ({protocol.min_group_size}), so "
            "no group could be made; give at least as many, or leave it empty.",
        )
    if protocol.min_group_size > 1 and protocol.image_shift_radius_um == 0.0:
        found.setdefault(
            "min_group_size",
            "groups of several holes need an image_shift_radius_um above 0; "
            "set a radius or a minimum group size of 1.",
        )
    return found


def check(protocol: CollectionProtocol) -> CollectionProtocol:
    """The same protocol when it can be run; otherwise raises InvalidInput naming each field."""
    problems = problems_of(protocol)
    if problems:
        raise InvalidInput(problems)
    return protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class GridDescription:
    """What a person says of one grid when loading the cassette."""

    name: str
    position: int
    hole_type: str = "R1.2/1.3"
    mesh: str = "300"
    mesh_material: str = "copper"


def check_grid(grid: GridDescription, *, slots: int) -> GridDescription:
    """The same description when it makes sense; otherwise raises InvalidInput naming each field."""
    problems: dict[str, str] = {}
    if not grid.name.strip() or len(grid.name) > 80 or not grid.name.isprintable():
        problems["name"] = "give the grid a printable name of 1 to 80 characters."
    if not 1 <= grid.position <= max(slots, 1):
        problems["position"] = (
            f"slot {grid.position} does not exist; this microscope has 1 to {max(slots, 1)}."
        )
    for field, value, known in (
        ("hole_type", grid.hole_type, tuple(HOLE_TYPES)),
        ("mesh", grid.mesh, tuple(MESHES)),
        ("mesh_material", grid.mesh_material, MESH_MATERIALS),
    ):
        if value not in known:
            problems[field] = f"'{value}' is not known here; choose one of {', '.join(known)}."
    if problems:
        raise InvalidInput(problems)
    return grid
