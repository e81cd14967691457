"""What to do about an instrument's error: a table of data, and how repeated trouble escalates.

    retry -> skip_target -> skip_square -> skip_grid -> pause_for_person -> safe_stop

A remedy that has no object for a step (there is no target in an atlas) means the next one that
has. What the table does not list pauses: unknown trouble is a person's. A link that is lost, a
command that does not answer and an operator's STOP are not in it: they end the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Remedy(StrEnum):
    """From the mildest to the strongest."""

    RETRY = "retry"
    SKIP_TARGET = "skip_target"
    SKIP_SQUARE = "skip_square"
    SKIP_GRID = "skip_grid"
    PAUSE_FOR_PERSON = "pause_for_person"
    SAFE_STOP = "safe_stop"


LADDER = tuple(Remedy)
IN_A_ROW = 3
PER_GRID = 10


@dataclass(frozen=True, slots=True)
class Treatment:
    """`tries` attempts of the step in all, then the remedy."""

    then: Remedy
    tries: int = 1


_T, _R = Treatment, Remedy
_ANY = "*"
#: (class of the error, kind of the step); "*" is any step
TREATMENTS: Mapping[tuple[str, str], Treatment] = {
    ("CommandRefused", "atlas"): _T(_R.SKIP_GRID, tries=2),
    ("CommandRefused", "square"): _T(_R.SKIP_SQUARE, tries=2),
    ("CommandRefused", "expose"): _T(_R.SKIP_TARGET, tries=2),
    ("InstrumentBusy", _ANY): _T(_R.PAUSE_FOR_PERSON, tries=3),
    ("StageLimit", "atlas"): _T(_R.SKIP_GRID),
    ("StageLimit", "square"): _T(_R.SKIP_SQUARE),
    ("StageLimit", "expose"): _T(_R.SKIP_TARGET),
    ("StageStuck", "atlas"): _T(_R.SKIP_GRID, tries=2),
    ("StageStuck", "square"): _T(_R.SKIP_SQUARE, tries=2),
    ("StageStuck", "expose"): _T(_R.SKIP_TARGET, tries=2),
    ("ImageShiftLimit", "expose"): _T(_R.SKIP_TARGET),
    # the answer cannot be right: it is asked for again
    ("CommandRefused", "confirm_stage"): _T(_R.RETRY),
    ("SlotEmpty", "confirm_stage"): _T(_R.RETRY),
    # upkeep that fails is passed over until it is due again; a gun that fails is a person's
    ("CommandRefused", "tune_beam"): _T(_R.RETRY),
    ("CommandRefused", "dark_reference"): _T(_R.RETRY),
    ("StageLimit", "tune_beam"): _T(_R.RETRY),
    ("StageStuck", "tune_beam"): _T(_R.RETRY),
    ("CameraFailed", "tune_beam"): _T(_R.RETRY),
    ("SlotEmpty", "load_grid"): _T(_R.SKIP_GRID),
    ("LoadFailed", "load_grid"): _T(_R.SAFE_STOP),
    # the stage did not come home: nothing has been exchanged yet, and going home is harmless
    ("StageStuck", "load_grid"): _T(_R.PAUSE_FOR_PERSON, tries=3),
    ("ManualExchangeNeeded", "load_grid"): _T(_R.PAUSE_FOR_PERSON),
    # somebody, or an interlock, closed them: only a person knows why
    ("ValvesClosed", _ANY): _T(_R.SAFE_STOP),
    ("AutofocusFailed", "expose"): _T(_R.SKIP_TARGET, tries=2),
    ("HeightFailed", "square"): _T(_R.SKIP_SQUARE, tries=2),
    ("RealignFailed", "square"): _T(_R.SKIP_SQUARE, tries=2),
    ("CameraFailed", "beam_check"): _T(_R.PAUSE_FOR_PERSON, tries=3),
    ("StageStuck", "beam_check"): _T(_R.PAUSE_FOR_PERSON, tries=3),
    ("DriftTooHigh", "expose"): _T(_R.SKIP_TARGET, tries=2),
    ("CameraFailed", "atlas"): _T(_R.SKIP_GRID, tries=2),
    ("CameraFailed", "square"): _T(_R.SKIP_SQUARE, tries=2),
    ("CameraFailed", "expose"): _T(_R.SKIP_TARGET, tries=2),
    # each further exposure would burn its target
    ("DoseExceeded", _ANY): _T(_R.PAUSE_FOR_PERSON),
    ("BadFile", "expose"): _T(_R.SKIP_TARGET, tries=2),
    ("StorageFull", _ANY): _T(_R.RETRY),
    ("EmergencyStopped", _ANY): _T(_R.SAFE_STOP),
}
_OBJECTS: Mapping[str, frozenset[Remedy]] = {
    "load_grid": frozenset({_R.SKIP_GRID}),
    "confirm_stage": frozenset(),
    "open_valves": frozenset(),
    "atlas": frozenset({_R.SKIP_GRID}),
    "square": frozenset({_R.SKIP_SQUARE, _R.SKIP_GRID}),
    "expose": frozenset({_R.SKIP_TARGET, _R.SKIP_SQUARE, _R.SKIP_GRID}),
    "zero_loss": frozenset({_R.SKIP_GRID}),
    "flash_gun": frozenset(),
    "dark_reference": frozenset(),
    "tune_beam": frozenset(),
    "beam_check": frozenset(),
}
#: errors that come before an exposure or after a whole one: none is on its way when they are raised
_BETWEEN_EXPOSURES = frozenset(
    {
        *("CommandRefused", "InstrumentBusy", "ValvesClosed", "EmergencyStopped"),
        *("StageLimit", "StageStuck", "ImageShiftLimit", "BadArgument"),
        *("HeightFailed", "RealignFailed", "AutofocusFailed", "DriftTooHigh", "StorageFull"),
    }
)
_ALWAYS = frozenset({_R.RETRY, _R.PAUSE_FOR_PERSON, _R.SAFE_STOP})


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """An error in its place: its class and the classes it derives from, nearest first."""

    classes: Sequence[str]
    step_kind: str
    attempt: int
    failures_in_a_row: int
    failures_on_grid: int


def was_in_flight(classes: Sequence[str]) -> bool:
    """Whether an exposure may have been on its way when this error came: unless it surely was not.

    Only the error's own class counts: one derived from it may know of more.
    """
    return classes[0] not in _BETWEEN_EXPOSURES


def remedy_for(trouble: Trouble) -> Remedy:
    """What to do; counts include this failure."""
    treatment = _listed(trouble)
    if treatment is None:
        return Remedy.PAUSE_FOR_PERSON
    remedy = Remedy.RETRY if trouble.attempt < treatment.tries else treatment.then
    if trouble.classes[0] == "StorageFull":
        return _when_full(trouble, remedy)
    # One level for each three in a row, or each ten on a grid: trouble that goes on has one cause.
    levels = max(trouble.failures_in_a_row // IN_A_ROW, trouble.failures_on_grid // PER_GRID)
    for _ in range(min(levels, len(LADDER))):
        remedy = escalated(remedy)
    return applicable(remedy, trouble.step_kind)


def _when_full(trouble: Trouble, remedy: Remedy) -> Remedy:
    """Skipping helps nothing, and each try may have spent dose: after three a person makes room.

    A disk that is seen to be full is waited for before anything is tried; this is the one that is
    not: another machine's, or a quota.
    """
    return remedy if trouble.failures_in_a_row < IN_A_ROW else Remedy.PAUSE_FOR_PERSON


def escalated(remedy: Remedy) -> Remedy:
    """One level stronger; the strongest stays."""
    return LADDER[min(LADDER.index(remedy) + 1, len(LADDER) - 1)]


def applicable(remedy: Remedy, step_kind: str) -> Remedy:
    """The remedy, or the next stronger one that this kind of step has an object for."""
    possible = _ALWAYS | _OBJECTS.get(step_kind, frozenset())
    while remedy not in possible:
        remedy = escalated(remedy)
    return remedy


def _listed(trouble: Trouble) -> Treatment | None:
    for name in trouble.classes:
        for kind in (trouble.step_kind, _ANY):
            if (name, kind) in TREATMENTS:
                return TREATMENTS[name, kind]
    return None
