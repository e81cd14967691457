"""Beam that a routine sends is announced before it, and counted after it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Protocol, TypeVar

from smartscope.domain.routines import Routine
from smartscope.microscope.base import Microscope
from smartscope.microscope.procedures.happenings import Happening, RoutineBegins, RoutineEnded
from smartscope.microscope.values import RoutineCost


class Counted(Protocol):
    """What a routine returns: `images` None when the instrument does not tell how many it took."""

    @property
    def images(self) -> int | None: ...


Found = TypeVar("Found", bound=Counted)


def announced(
    microscope: Microscope, routine: Routine, do: Callable[[], Found]
) -> Generator[Happening, None, Found]:
    """The routine's result; what it raises leaves its dose announced and uncounted."""
    yield begins(microscope, routine, microscope.tasks.cost(routine))
    found = do()
    yield RoutineEnded(images=found.images)
    return found


def begins(microscope: Microscope, routine: Routine, cost: RoutineCost) -> RoutineBegins:
    """The announcement of a routine about where the stage is now."""
    return RoutineBegins(routine=routine, cost=cost, at=microscope.stage.position().point)
