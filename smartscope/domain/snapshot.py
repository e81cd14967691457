"""The frozen picture of the rows that one decision is taken from.

Built by `queries.snapshot` in one transaction; holds plain values only. Everything the planner may
know is here, so the same picture always leads to the same decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from smartscope.domain.geometry import Point
from smartscope.domain.image_watch import Place
from smartscope.domain.protocol import CollectionProtocol
from smartscope.domain.status import GridStatus, TargetStatus
from smartscope.domain.suspenders import Trip


class Wish(StrEnum):
    """What people want of the run."""

    RUN = "run"
    PAUSE = "pause"
    STOP = "stop"


class Seen(StrEnum):
    """Whether what was to be found out from an image is known yet."""

    NOTHING = "nothing"
    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """The analysis of one image; `until_s` is when a simulated run may see a pending one."""

    seen: Seen = Seen.NOTHING
    until_s: float | None = None


@dataclass(frozen=True, slots=True)
class Instrument:
    """What the bridge has just read; the zero-loss time is None until it was refined, as is the
    gun's until it was flashed. `tunes`: astigmatism and coma can be corrected here.

    `trips` are the suspenders that are tripped now. Valves that are `valves_unclear` read neither
    open nor closed: nothing is exposed through them, and they are to be closed. `stage_doubt` says
    why it is not known whether a grid is on the stage, "" while it is: nothing is loaded meanwhile.
    `beam_check` is where to look before anything else is imaged, after images that were odd.
    """

    has_autoloader: bool
    loaded_position: int | None
    valves_open: bool
    stage: Point
    energy_filter: bool = False
    zero_loss_at_s: float | None = None
    gun_flashed_at_s: float | None = None
    tunes: bool = False
    trips: tuple[Trip, ...] = ()
    valves_unclear: bool = False
    stage_doubt: str = ""
    beam_check: Place | None = None

    @property
    def valves_closed(self) -> bool:
        """Whether they are surely closed."""
        return not (self.valves_open or self.valves_unclear)


@dataclass(frozen=True, slots=True)
class HolePicture:
    """A hole as a target: where the beam would go, in stage µm."""

    id: UUID
    number: int
    status: TargetStatus
    target: Point


@dataclass(frozen=True, slots=True)
class GroupPicture:
    """Holes to expose from one stage position; `order` is the count that cycles the defocus."""

    id: UUID
    number: int
    status: TargetStatus
    centre: Point
    order: int
    queue_position: int
    by_person: bool
    holes: tuple[HolePicture, ...]

    @property
    def waiting(self) -> tuple[HolePicture, ...]:
        """The members that still wait for their dose."""
        return tuple(hole for hole in self.holes if hole.status is TargetStatus.QUEUED)


@dataclass(frozen=True, slots=True)
class SquarePicture:
    """A square; `views_lost` counts views whose outcome a crash left unknown."""

    id: UUID
    number: int
    status: TargetStatus
    stage: Point
    stage_z_um: float | None
    queue_position: int
    by_person: bool
    views_lost: int
    finding: Finding
    groups: tuple[GroupPicture, ...]


@dataclass(frozen=True, slots=True)
class GridPicture:
    """A grid in its slot. `atlas_lost` counts montages whose outcome a crash left unknown.

    `atlas_doses_e_per_a2` are those of every montage of this visit that was lost or given up.
    """

    id: UUID
    position: int
    name: str
    status: GridStatus
    protocol: CollectionProtocol
    atlas_taken: bool
    atlas_lost: int
    atlas_finding: Finding
    squares: tuple[SquarePicture, ...]
    #: when it came to the stage; None before
    begun_at_s: float | None = None
    atlas_doses_e_per_a2: tuple[float, ...] = ()
    #: what people call it
    slug: str = ""


@dataclass(frozen=True, slots=True)
class Stillness:
    """How long nothing was done, by the journal.

    `quiet_since_s` is the end of the last step that was not a safe state; None before the first.
    `failed_closings` counts the safe states at the journal's end that left the valves open.
    """

    quiet_since_s: float | None = None
    failed_closings: int = 0
    failed_at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One run at one moment; grids in the order they are to be taken.

    `hand_loaded` is the grid a person says they inserted, where there is no autoloader;
    `stage_answer` the slot whose grid a person says is on a stage in doubt, 0 for none.
    `upkeep` is when each kind was last tried, by the journal.
    `paused_because` has the service's reason for a pause that no person asked for.
    `stop_at_s` is when a person said the session is to end; None: when everything is done.
    """

    now_s: float
    wish: Wish
    wished_by: str
    instrument: Instrument
    grids: tuple[GridPicture, ...]
    hand_loaded: UUID | None = None
    stage_answer: int | None = None
    paused_because: str = ""
    stillness: Stillness = Stillness()
    upkeep: Mapping[str, float] = field(default_factory=dict)
    stop_at_s: float | None = None
