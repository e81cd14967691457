"""How SerialEM counts magnifications, low-dose areas and camera sets, against our five areas.

The numbers of areas and sets are SerialEM's (V 0, F 1, T 2, R 3, S 4; sets V 0, F 1, T 2, R 3,
Preview 4, Search 5, Mont-map 6); magnifications and indexes are this instrument's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smartscope.microscope.simulator.serialem.answers import ScriptError
from smartscope.microscope.values import Area


@dataclass(frozen=True, slots=True)
class Magnification:
    """One step of the magnification dial; `low` is low-magnification mode."""

    index: int
    nominal: int
    area: Area
    low: bool = False


MAGNIFICATIONS = (
    Magnification(5, 135, Area.ATLAS, low=True),
    Magnification(15, 1700, Area.SQUARE),
    Magnification(21, 8700, Area.HOLE),
    Magnification(32, 81000, Area.FOCUS),
    Magnification(34, 105000, Area.RECORD),
)
BY_AREA: Mapping[Area, Magnification] = {each.area: each for each in MAGNIFICATIONS}
LOW_DOSE_LETTERS = "VFTRS"
LOW_DOSE: Mapping[str, Area] = {
    "V": Area.HOLE,
    "F": Area.FOCUS,
    "T": Area.FOCUS,
    "R": Area.RECORD,
    "S": Area.SQUARE,
}
SET_LETTERS = "VFTRPSM"
VIEW, FOCUS, TRIAL, RECORD, PREVIEW, SEARCH, MONT_MAP = range(7)
#: where each camera set takes its image in low dose
SET_AREAS: Mapping[int, Area] = {
    VIEW: Area.HOLE,
    FOCUS: Area.FOCUS,
    TRIAL: Area.FOCUS,
    RECORD: Area.RECORD,
    PREVIEW: Area.RECORD,
    SEARCH: Area.SQUARE,
    MONT_MAP: Area.RECORD,
}
#: Named imaging states, as an operator would have stored them.
STATES: Mapping[str, Area] = {area.value: area for area in Area}


def of_index(index: int) -> Magnification:
    """The step with an index. Raises ScriptError."""
    for each in MAGNIFICATIONS:
        if each.index == index:
            return each
    raise ScriptError(f"Magnification index {index} is not one of this microscope's")


def of_nominal(nominal: float) -> Magnification:
    """The step of a nominal magnification. Raises ScriptError, as SerialEM does off its table."""
    for each in MAGNIFICATIONS:
        if round(nominal) == each.nominal:
            return each
    known = ", ".join(str(each.nominal) for each in MAGNIFICATIONS)
    raise ScriptError(f"{nominal:.0f} is not one of the magnifications {known}")


def low_dose_letter(text: str) -> str:
    """V, F, T, R or S. Raises ScriptError."""
    letter = text[:1].upper()
    if letter not in LOW_DOSE_LETTERS or not letter:
        raise ScriptError(f"{text!r} is no low dose area; use V, F, T, R or S")
    return letter


def camera_set(text: str) -> int:
    """A camera set by its letter or number. Raises ScriptError."""
    name = text.strip().upper()
    if name.isdecimal() and int(name) < len(SET_LETTERS):
        return int(name)
    if name[:1] and name[0] in SET_LETTERS:
        return SET_LETTERS.index(name[0])
    raise ScriptError(f"{text!r} is no camera parameter set; use V, F, T, R, P, S or M")
