"""Frozen parameters of the procedures: µm, degrees, e/Å², s; positions are stage positions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from smartscope.domain.geometry import Point
from smartscope.microscope.values import AcquiredImage, HeightMode, Reference

#: Given a hole-level image and where the hole is believed to be, where it is (None: not seen).
LocateHole = Callable[[AcquiredImage, Point], Point | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRequest:
    """Put the grid of `slot` on the stage and wait for the vacuum, at most `vacuum_timeout_s`."""

    slot: int
    vacuum_timeout_s: float = 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AtlasRequest:
    """A montage of the grid at the lowest magnification; `dose_e_per_a2` None: as calibrated."""

    item: str
    columns: int
    rows: int
    centre: Point = Point(0.0, 0.0)
    overlap: float = 0.1
    dose_e_per_a2: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SquareRequest:
    """One square image about `target`, or a montage of `columns` x `rows` images.

    With a `reference` (the square's cut-out of the atlas) the square is first found again;
    with a `height` mode the eucentric height is set before the image.
    """

    item: str
    target: Point
    reference: Reference | None = None
    height: HeightMode | None = HeightMode.ROUGH
    dose_e_per_a2: float | None = None
    columns: int = 1
    rows: int = 1
    overlap: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class FocusPolicy:
    """When a group needs autofocus: always, or when the last one is too far or too old.

    `last_at` and `last_at_s` are the place and time of the last good autofocus on this grid.
    """

    always: bool = True
    never: bool = False
    within_um: float = 5.0
    max_age_s: float = 1800.0
    last_at: Point | None = None
    last_at_s: float | None = None

    def needed(self, at: Point, now_s: float) -> bool:
        """Whether to focus before exposing at `at`."""
        if self.never:
            return False
        if self.always or self.last_at is None or self.last_at_s is None:
            return True
        too_far = self.last_at.distance_um(at) > self.within_um
        return too_far or now_s - self.last_at_s > self.max_age_s


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMember:
    """One hole to expose: where it was seen in the square image, and its own defocus."""

    item: str
    target: Point
    defocus_um: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRequest:
    """Holes exposed by image shift from one stage position, `centre`.

    `view_item` names the hole-level image of the centre. `locate` finds in it the hole that the
    square image shows at `anchor` (None: at the centre), and the whole group follows that hole;
    without `locate` the stage is trusted. An anchor is a hole's own centre, even where exposures
    are placed beside it. `drift_limit_angstrom_per_s` None does not wait for drift. `defocus_um`
    of a member is at its own place: the height gained by tilt is corrected here. `z_um` is the
    eucentric height of the group's square; None leaves the stage where it is. `leaned` is, on a
    tilted stage, how far the lattice was seen from its map at the group of the same square that was
    focused on last; with it the height that focus meets tells neighbouring holes apart, which lie
    more than `lattice_reach_um` from one another's places.
    """

    view_item: str
    centre: Point
    members: tuple[GroupMember, ...]
    folder: Path
    dose_e_per_a2: float
    frames: int
    save_frames: bool = True
    file_format: str = "tif"
    focus: FocusPolicy = FocusPolicy()
    drift_limit_angstrom_per_s: float | None = None
    drift_timeout_s: float = 300.0
    tilt_deg: float = 0.0
    z_um: float | None = None
    locate: LocateHole | None = None
    anchor: Point | None = None
    leaned: Point | None = None
    lattice_reach_um: float = math.inf
    recentre_tolerance_um: float = 0.5
    recentre_passes: int = 3
