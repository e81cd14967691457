"""What physics remembers, whoever dies, and what a bridge keeps of the step it is in."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from smartscope.domain.geometry import Point
from smartscope.domain.steps import Step
from tests.domain.rows import HoleRow


class Killed(Exception):
    """The bridge died here; everything not committed is gone."""


@dataclass
class World:
    """What physics remembers, whoever dies: the grid on the stage, the valves, every dose."""

    loaded: int | None = None
    valves_open: bool = False
    at: Point = Point(0.0, 0.0)
    exposed: list[UUID] = field(default_factory=list)
    files: set[tuple[int, str]] = field(default_factory=set)
    commands: int = 0
    closings: int = 0
    #: so many closings do nothing
    stuck: int = 0


@dataclass
class Item:
    name: str
    hole: HoleRow | None = None
    state: str = "planned"


@dataclass
class OpenStep:
    number: int
    step: Step
    items: list[Item]
