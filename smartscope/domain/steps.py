"""What the service can decide to do next: a step, a wait, a question, or the end.

Steps are values that can be listed before they are run. Each names its kind and its subject;
kind, subject and attempt together are the step's key in the journal.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from smartscope.domain.geometry import Point
from smartscope.domain.image_watch import Place


class Cause(StrEnum):
    """Why nothing is done. Only ANALYSIS and STORAGE count as software waiting."""

    ANALYSIS = "analysis"
    PERSON = "person"
    PAUSE = "pause"
    INSTRUMENT = "instrument"
    REFILL = "refill"
    VACUUM = "vacuum"
    STORAGE = "storage"
    SCHEDULE = "schedule"
    RECOVERY = "recovery"
    OTHER = "other"


SOFTWARE_CAUSES = frozenset({Cause.ANALYSIS, Cause.STORAGE})


@dataclass(frozen=True, slots=True)
class LoadGrid:
    """Bring a grid from its slot to the stage; the valves are closed while it moves."""

    grid: UUID
    position: int


@dataclass(frozen=True, slots=True)
class ConfirmStage:
    """Tell an instrument in doubt what is on its stage, as a person answered; None is nothing."""

    grid: UUID
    position: int | None


@dataclass(frozen=True, slots=True)
class OpenValves:
    """Let the beam in, before the first image of a visit."""

    grid: UUID


@dataclass(frozen=True, slots=True)
class ImageAtlas:
    """The map of the whole grid."""

    grid: UUID
    tiles_x: int
    tiles_y: int


@dataclass(frozen=True, slots=True)
class ImageSquare:
    """One square at the magnification that shows its holes; `why` it comes next, in words."""

    grid: UUID
    square: UUID
    stage: Point
    tiles_x: int
    tiles_y: int
    tilt_deg: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class Shot:
    """One hole of a group, and where in it the beam goes."""

    hole: UUID
    number: int
    target: Point


@dataclass(frozen=True, slots=True)
class ExposeGroup:
    """Every hole of a group that still waits for its dose, from one stage position; `why` next."""

    grid: UUID
    square: UUID
    group: UUID
    centre: Point
    stage_z_um: float | None
    shots: tuple[Shot, ...]
    defocus_um: float
    dose_e_per_angstrom2: float
    drift_limit_angstrom_per_s: float | None
    tilt_deg: float
    save_frames: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class RefineZeroLoss:
    """Upkeep: put the energy slit back on the zero-loss peak."""

    grid: UUID


@dataclass(frozen=True, slots=True)
class CheckBeam:
    """Look again at a place that was sound: is it the beam that changed, or the specimen?"""

    grid: UUID
    place: Place


@dataclass(frozen=True, slots=True)
class FlashGun:
    """Upkeep: ask the gun whether it wants flashing, and flash it; the valves are closed for it."""

    grid: UUID


@dataclass(frozen=True, slots=True)
class UpdateDarkReference:
    """Upkeep: take the camera's dark reference anew when it is older; the valves are closed."""

    grid: UUID
    max_age_h: float


@dataclass(frozen=True, slots=True)
class TuneBeam:
    """Upkeep: correct astigmatism and coma on a place beside the holes, `beside_um` from a group's
    centre."""

    grid: UUID
    place: Point
    beside_um: float


@dataclass(frozen=True, slots=True)
class FinishGrid:
    """Nothing more will be imaged on this grid; moves nothing."""

    grid: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class MakeSafe:
    """Close the valves and leave everything cold and still."""

    reason: str


Step = (
    LoadGrid
    | ConfirmStage
    | OpenValves
    | ImageAtlas
    | ImageSquare
    | ExposeGroup
    | RefineZeroLoss
    | CheckBeam
    | FlashGun
    | UpdateDarkReference
    | TuneBeam
    | FinishGrid
    | MakeSafe
)


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing, for this cause. `until_s` is when to decide anew at the latest, if known."""

    cause: Cause
    reason: str
    until_s: float | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The run has ended: `aborted` when a person stopped it."""

    reason: str
    aborted: bool = False


@dataclass(frozen=True, slots=True)
class AskPerson:
    """Only a person can say what is right now: the run pauses, and is made safe meanwhile."""

    reason: str


Decision = Step | Wait | AskPerson | Finished

_KINDS: dict[type, str] = {
    LoadGrid: "load_grid",
    ConfirmStage: "confirm_stage",
    OpenValves: "open_valves",
    ImageAtlas: "atlas",
    ImageSquare: "square",
    ExposeGroup: "expose",
    RefineZeroLoss: "zero_loss",
    CheckBeam: "beam_check",
    FlashGun: "flash_gun",
    UpdateDarkReference: "dark_reference",
    TuneBeam: "tune_beam",
    FinishGrid: "finish_grid",
    MakeSafe: "safe_state",
}


def kind_of(step: Step) -> str:
    """The step's kind as the journal names it."""
    return _KINDS[type(step)]


def subject_of(step: Step) -> UUID | None:
    """The row the step is about; None for the safe state."""
    match step:
        case ImageSquare():
            return step.square
        case ExposeGroup():
            return step.group
        case MakeSafe():
            return None
        case _:
            return step.grid
