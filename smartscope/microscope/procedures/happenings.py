"""What a procedure tells its runner between two microscope commands.

A runner drives a procedure with a plain `for` loop. It commits its journal on `AboutToIssue`
before asking for the next value, holds the generator at a `Checkpoint` for as long as it must
(a suspender, a lost lease, a stop: then it closes the generator), and waits on `Waiting`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field

from smartscope.domain.geometry import Point
from smartscope.domain.routines import Routine
from smartscope.microscope.values import (
    AcquiredImage,
    AcquiredMontage,
    CommandClass,
    RecordedFile,
    RoutineCost,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutToIssue:
    """The next command cannot be taken back; it concerns `items` (never relative to earlier ones).

    `items` are the names given in the request; empty when the command makes no file.
    """

    command_class: CommandClass
    command: str
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Produced:
    """An item is complete: exactly one of image, montage, files, or only measurements."""

    item: str
    image: AcquiredImage | None = None
    montage: AcquiredMontage | None = None
    files: tuple[RecordedFile, ...] = ()
    measurements: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutineBegins:
    """A routine is about to send beam and leaves no file: at most `cost`, about `at` (stage µm)."""

    routine: Routine
    cost: RoutineCost
    at: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutineEnded:
    """The routine announced last has ended, having taken so many images; None: nobody knows."""

    images: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Nothing is running; stopping here leaves nothing half done."""

    doing: str
    before_dose: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The procedure has nothing to do before `until_s`; the runner's clock waits."""

    until_s: float
    cause: str  # a value of domain's waiting causes: "vacuum", "refill", "instrument"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something went wrong that the procedure worked round; the runner records it."""

    item: str
    code: str
    message: str


Happening = AboutToIssue | RoutineBegins | RoutineEnded | Produced | Checkpoint | Waiting | Problem
Procedure = Generator[Happening, None, None]
