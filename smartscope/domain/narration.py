"""A decision in the words of whoever stands at the microscope: what, of which square and grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from smartscope.domain.counted import counted
from smartscope.domain.snapshot import GridPicture, Snapshot
from smartscope.domain.steps import (
    AskPerson,
    CheckBeam,
    ConfirmStage,
    Decision,
    ExposeGroup,
    Finished,
    FinishGrid,
    FlashGun,
    ImageAtlas,
    ImageSquare,
    LoadGrid,
    MakeSafe,
    OpenValves,
    RefineZeroLoss,
    TuneBeam,
    UpdateDarkReference,
    Wait,
    kind_of,
)


@dataclass(frozen=True, slots=True)
class Told:
    """`kind` is the step's, or wait, ask_person, finished; `words` begin small and have no stop."""

    kind: str
    words: str


def told(decision: Decision, snapshot: Snapshot) -> Told:
    """The decision with the names that the snapshot gives to what it is about."""
    match decision:
        case Wait():
            return Told("wait", f"wait: {decision.reason}")
        case AskPerson():
            return Told("ask_person", f"pause and ask a person: {decision.reason}")
        case Finished():
            how = "stop" if decision.aborted else "end the run"
            return Told("finished", f"{how}: {decision.reason}")
        case _:
            return Told(kind_of(decision), _step_words(decision, snapshot))


def _step_words(step: Decision, snapshot: Snapshot) -> str:
    match step:
        case LoadGrid():
            return f"load {_grid(snapshot, step.grid)} from slot {step.position}"
        case ConfirmStage():
            on_it = "nothing" if step.position is None else f"the grid of slot {step.position}"
            return f"take a person's word that {on_it} is on the stage"
        case OpenValves():
            return f"open the valves for {_grid(snapshot, step.grid)}"
        case ImageAtlas():
            return f"take the atlas of {_grid(snapshot, step.grid)}"
        case ImageSquare():
            return f"image {_square(snapshot, step.grid, step.square)}"
        case ExposeGroup():
            return _group_words(step, snapshot)
        case RefineZeroLoss() | FlashGun() | UpdateDarkReference() | TuneBeam():
            return _UPKEEP_WORDS[type(step)]
        case CheckBeam():
            return "look at a sound place again: the last images were odd"
        case FinishGrid():
            return f"finish {_grid(snapshot, step.grid)}: {step.reason}"
        case MakeSafe():
            return f"close the valves: {step.reason}"
        case _:
            raise AssertionError(f"{step} is no step")


_UPKEEP_WORDS: Mapping[type, str] = {
    RefineZeroLoss: "refine the zero-loss peak",
    FlashGun: "flash the gun if it wants it",
    UpdateDarkReference: "renew the camera's dark reference if it is too old",
    TuneBeam: "correct astigmatism and coma beside the next group",
}


def _group_words(step: ExposeGroup, snapshot: Snapshot) -> str:
    holes = counted(len(step.shots), "hole")
    where = _square(snapshot, step.grid, step.square)
    return f"expose {holes} in {where}, {step.defocus_um:g} µm underfocus"


def _square(snapshot: Snapshot, grid: UUID, square: UUID) -> str:
    squares = _picture(snapshot, grid).squares
    number = next(each.number for each in squares if each.id == square)
    return f"square {number} of {_grid(snapshot, grid)}"


def _grid(snapshot: Snapshot, grid: UUID) -> str:
    return f"grid {_picture(snapshot, grid).name}"


def _picture(snapshot: Snapshot, grid: UUID) -> GridPicture:
    return next(each for each in snapshot.grids if each.id == grid)
