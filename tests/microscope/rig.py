"""One simulated microscope with everything a test wants to hold on to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from smartscope.domain.clock import Clock
from smartscope.domain.errors import LeaseLost
from smartscope.domain.geometry import Point
from smartscope.microscope.base import Microscope
from smartscope.microscope.procedures.exchange import load_grid, open_valves
from smartscope.microscope.procedures.happenings import Happening, Procedure, Produced, Waiting
from smartscope.microscope.procedures.requests import LoadRequest
from smartscope.microscope.simulator import positioning
from smartscope.microscope.simulator.scope import Scope
from smartscope.microscope.simulator.specimen.values import Box, Hole
from smartscope.microscope.simulator.witness import Witnessed
from smartscope.microscope.values import AcquiredImage, CommandClass, StagePose

STARTED_S = 1.8e9


@dataclass(slots=True)
class Leash:
    """A permit that can be cut, and remembers what it was asked."""

    asked: list[tuple[CommandClass, str]] = field(default_factory=list)
    cut_after: int | None = None

    def check(self, command_class: CommandClass, name: str) -> None:
        if self.cut_after is not None and len(self.asked) >= self.cut_after:
            raise LeaseLost("The lease is gone.")
        self.asked.append((command_class, name))

    def cut(self) -> None:
        self.cut_after = 0


@dataclass(slots=True)
class Notebook:
    """A witness that keeps everything."""

    seen: list[Witnessed] = field(default_factory=list)

    def saw(self, image: Witnessed) -> None:
        self.seen.append(image)


@dataclass(slots=True)
class Rig:
    """One connection to a simulated microscope and everything round it."""

    microscope: Microscope
    clock: Clock
    leash: Leash
    notebook: Notebook
    scope: Scope

    def run(self, procedure: Procedure) -> list[Happening]:
        """Drive a procedure to its end; waiting is instant."""
        happenings = []
        for happening in procedure:
            happenings.append(happening)
            if isinstance(happening, Waiting):
                self.clock.wait_until(happening.until_s)
        return happenings

    def ready(self, slot: int = 1) -> Rig:
        """The same rig with a grid on the stage and the beam on it."""
        self.run(load_grid(self.microscope, LoadRequest(slot=slot)))
        self.run(open_valves(self.microscope))
        return self

    def scope_position(self) -> StagePose:
        """Where the world says the stage is, without sending a command."""
        return positioning.position(self.scope)

    def good_square(self) -> Point:
        """The centre of a good square near the middle of the grid, where it truly is."""
        squares = self.scope.specimen().squares(Box.around(0.0, 0.0, 200.0))
        good = [each for each in squares if each.usable and each.label.value == "good"]
        return Point(good[0].stage_x_um, good[0].stage_y_um)

    def sound_holes(self, about: Point, count: int) -> list[Hole]:
        """The `count` faultless holes nearest to a place, in the specimen's own coordinates."""
        holes = self.scope.specimen().holes(Box.around(about.x_um, about.y_um, 12.0))
        sound = [each for each in holes if each.visible and each.fault.value == "none"]
        sound.sort(key=lambda h: Point(h.stage_x_um, h.stage_y_um).distance_um(about))
        return sound[:count]

    def as_seen(self, image: AcquiredImage, hole: Hole) -> Point:
        """Where a perfect detector would report a hole of the last image witnessed."""
        true = self.notebook.seen[-1].true
        return image.pixel_to_stage.apply(*true.to_pixel(Point(hole.stage_x_um, hole.stage_y_um)))


def produced(happenings: list[Happening]) -> list[Produced]:
    """Only what was produced."""
    return [each for each in happenings if isinstance(each, Produced)]


OpenRig: TypeAlias = Callable[..., Rig]
