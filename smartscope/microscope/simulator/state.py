"""What a microscope remembers: small frozen parts, replaced whole when they change.

slots        unknown -> empty | full ;  full <-> on_stage
autoloader   idle -> exchanging -> idle ;  any -> faulted -> (reset by a person) idle
valves       closed <-> open ;  any -> jammed -> (freed by a person) as before
stage        idle -> moving -> settling -> idle   (a command returns when it is idle again)
optics       atlas <-> low dose {square, hole, focus, record}
camera       idle -> exposing -> reading -> saving -> idle   (a command returns when idle again)
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

from smartscope.microscope.simulator.stage_motion import DRIFT_AFTER_SHORT_MOVE
from smartscope.microscope.values import Area


class LoaderStatus(StrEnum):
    """What the autoloader is doing."""

    IDLE = "idle"
    EXCHANGING = "exchanging"
    FAULTED = "faulted"


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoloaderState:
    """`loads` counts how often each slot was loaded: a reloaded grid sits differently.

    While exchanging, `exchange_to` is the slot that will be on the stage (None: none) at
    `exchange_until_s`: the exchange goes on when the client that asked for it has died.
    """

    status: LoaderStatus = LoaderStatus.IDLE
    loaded_slot: int | None = None
    inventoried: bool = False
    exchange_to: int | None = None
    exchange_until_s: float = 0.0
    exchange_fails: bool = False
    loads: tuple[tuple[int, int], ...] = ()

    def loads_of(self, slot: int) -> int:
        """How often this slot's grid has been put on the stage."""
        return dict(self.loads).get(slot, 0)

    def counted(self, slot: int) -> tuple[tuple[int, int], ...]:
        """The counts after one more load of `slot`."""
        return tuple(sorted({**dict(self.loads), slot: self.loads_of(slot) + 1}.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnState:
    """Times are on the microscope's clock; 0 means never.

    Jammed valves let through what they let through before, read neither open nor closed, and do
    not move until a person has freed them.
    """

    valves_open: bool = False
    valves_jammed: bool = False
    beam_blanked: bool = False
    screen_down: bool = False
    high_tension_on: bool = True
    operator_stop: bool = False
    vacuum_ready_at_s: float = 0.0
    pump_until_s: float = 0.0
    refill_from_s: float = 0.0
    refill_until_s: float = 0.0
    zero_loss_at_s: float = 0.0
    flashed_at_s: float = 0.0
    beam_lost: bool = False
    beam_factor: float = 1.0
    warming_from_s: float = 0.0
    warming_angstrom_per_s_per_h: float = 0.0

    @property
    def valves_read_open(self) -> bool:
        """What the column reports."""
        return self.valves_open and not self.valves_jammed

    @property
    def valves_read_closed(self) -> bool:
        """What the column reports; neither while they are jammed."""
        return not (self.valves_open or self.valves_jammed)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageState:
    """The commanded pose, how far the specimen is from it, and the last move (for drift).

    `drift_start_angstrom_per_s` is the median such a move leaves behind.
    """

    x_um: float = 0.0
    y_um: float = 0.0
    z_um: float = 0.0
    tilt_deg: float = 0.0
    error_x_um: float = 0.0
    error_y_um: float = 0.0
    drift_start_angstrom_per_s: float = DRIFT_AFTER_SHORT_MOVE
    moved_at_s: float = 0.0
    tilted_at_s: float = 0.0
    loaded_at_s: float = 0.0
    visit: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LensState:
    """`focus_height_um` is the specimen height (stage z included) that is in focus at 0."""

    area: Area = Area.ATLAS
    shift_x_um: float = 0.0
    shift_y_um: float = 0.0
    shift_lag_x_um: float = 0.0
    shift_lag_y_um: float = 0.0
    defocus_um: float = 0.0
    focus_height_um: float = 0.0
    apertures: tuple[tuple[str, float], ...] = (("condenser", 50.0), ("objective", 100.0))


PARTS = {
    "autoloader": AutoloaderState,
    "column": ColumnState,
    "stage": StageState,
    "lenses": LensState,
}
Part = AutoloaderState | ColumnState | StageState | LensState


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeState:
    """All parts together; every change makes a new one."""

    autoloader: AutoloaderState = AutoloaderState()
    column: ColumnState = ColumnState()
    stage: StageState = StageState()
    lenses: LensState = LensState()


def with_part(state: ScopeState, part: Part) -> ScopeState:
    """The same state with one part replaced."""
    match part:
        case AutoloaderState():
            return replace(state, autoloader=part)
        case ColumnState():
            return replace(state, column=part)
        case StageState():
            return replace(state, stage=part)
        case LensState():
            return replace(state, lenses=part)


def to_json(part: Part) -> dict[str, Any]:
    """A part as plain JSON values."""
    return asdict(part)


def from_json(name: str, values: dict[str, Any]) -> Part:
    """The part called `name`; unknown fields (of a newer program) are left out."""
    kind = PARTS[name]
    known = {field.name for field in fields(kind)}
    kept = {key: _thawed(value) for key, value in values.items() if key in known}
    if name == "autoloader" and "status" in kept:
        kept["status"] = LoaderStatus(kept["status"])
    if name == "lenses" and "area" in kept:
        kept["area"] = Area(kept["area"])
    part: Part = kind(**kept)
    return part


def _thawed(value: Any) -> Any:
    return tuple(_thawed(item) for item in value) if isinstance(value, list) else value
