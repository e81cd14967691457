"""How fast the simulated column works, against published rates of unattended microscopes.

Times are the microscope's own, through the real procedures; images are 64 pixels wide, because
rendering takes none of the column's time. Analysis is not part of it: the published screening rate
contains about 10 s per square of it.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

from benchmarks.report import Report, main
from smartscope.domain.geometry import Point
from smartscope.microscope.permit import AlwaysPermitted
from smartscope.microscope.procedures.atlas import atlas
from smartscope.microscope.procedures.exchange import load_grid, open_valves
from smartscope.microscope.procedures.group import expose_group
from smartscope.microscope.procedures.happenings import Procedure, Waiting
from smartscope.microscope.procedures.requests import (
    AtlasRequest,
    FocusPolicy,
    GroupMember,
    GroupRequest,
    LoadRequest,
    SquareRequest,
)
from smartscope.microscope.procedures.square import square
from smartscope.microscope.simulator.calibration import Calibration, calibration
from smartscope.microscope.simulator.cassette import demo_cassette
from smartscope.microscope.simulator.clock import SimulatedClock
from smartscope.microscope.simulator.driver import SimulatedMicroscope
from smartscope.microscope.simulator.guard import Guard
from smartscope.microscope.simulator.imperfections import Imperfections
from smartscope.microscope.simulator.scope import Scope, ScopeSettings
from smartscope.microscope.simulator.specimen.values import Box
from smartscope.microscope.simulator.world import World

SIDE_PX = 64
TILES = 3
HOLE_PITCH_UM = 2.5
SQUARES = 3
TARGETS = 3


@dataclass(frozen=True, slots=True)
class Night:
    """One microscope and its clock; `squares` are good ones of the first grid."""

    microscope: SimulatedMicroscope
    clock: SimulatedClock
    scope: Scope
    folder: Path

    def minutes(self, procedure: Procedure) -> float:
        """How long the column takes for it."""
        began_s = self.clock.now()
        for happening in procedure:
            if isinstance(happening, Waiting):
                self.clock.wait_until(happening.until_s)
        return (self.clock.now() - began_s) / 60.0

    def squares(self, count: int) -> list[Point]:
        """Centres of squares that are worth imaging."""
        found = self.scope.specimen().squares(Box.around(0.0, 0.0, 250.0))
        return [Point(each.stage_x_um, each.stage_y_um) for each in found if each.usable][:count]


def small(camera: str) -> Calibration:
    """A camera's timing and calibration with a thumbnail for a detector."""
    full = calibration(camera)
    areas = {
        area: replace(each, camera=replace(each.camera, width_px=SIDE_PX, height_px=SIDE_PX))
        for area, each in full.areas.items()
    }
    return replace(full, areas=areas)


def night(folder: Path, camera: str, seed: int) -> Night:
    """A fresh microscope with empty stage; dewars are full all night, as in the published runs."""
    clock = SimulatedClock(1.8e9)
    world = World(folder / f"{camera}-{seed}", seed=seed, cassette=demo_cassette(seed), clock=clock)
    scope = Scope(
        world=world,
        calibration=small(camera),
        imperfections=Imperfections(seed=seed),
        settings=ScopeSettings(name="bench", refills=False),
    )
    microscope = SimulatedMicroscope(Guard(scope, AlwaysPermitted(), ()))
    return Night(microscope, clock, scope, folder)


def load_and_atlas(one: Night) -> float:
    """Minutes from an empty stage to the last tile."""
    request = AtlasRequest(item="atlas", columns=TILES, rows=TILES)
    return (
        one.minutes(load_grid(one.microscope, LoadRequest(slot=1)))
        + one.minutes(open_valves(one.microscope))
        + one.minutes(atlas(one.microscope, request))
    )


def group(one: Night, centre: Point, holes: int, name: str) -> Procedure:
    """A row of holes about a place, one exposure each."""
    members = tuple(
        GroupMember(
            item=f"{name}-{index}",
            target=Point(centre.x_um + (index - (holes - 1) / 2) * HOLE_PITCH_UM, centre.y_um),
            defocus_um=1.5,
        )
        for index in range(holes)
    )
    request = GroupRequest(
        view_item=f"{name}-view",
        centre=centre,
        members=members,
        folder=one.folder,
        dose_e_per_a2=40.0,
        frames=1,
        # Beside a bar there is nothing to focus on; that is another benchmark's concern.
        focus=FocusPolicy(never=True),
        drift_limit_angstrom_per_s=2.0,
    )
    return expose_group(one.microscope, request)


def screening(one: Night, holes_per_target: int) -> float:
    """Holes per minute from atlas to the last exposure of a grid."""
    minutes, prefix = 0.0, f"screen-{holes_per_target}-{one.scope.world.seed}"
    for number, centre in enumerate(one.squares(SQUARES)):
        request = SquareRequest(item=f"{prefix}-{number}", target=centre)
        minutes += one.minutes(square(one.microscope, request))
        for target in range(TARGETS):
            place = Point(centre.x_um + 5.0 * (target - 1), centre.y_um + 5.0)
            name = f"{prefix}-{number}-{target}"
            minutes += one.minutes(group(one, place, holes_per_target, name))
    return SQUARES * TARGETS * holes_per_target / minutes


def collection(one: Night, holes_per_group: int, groups: int) -> float:
    """Holes per hour while groups of one square are exposed."""
    centre = one.squares(1)[0]
    minutes = 0.0
    for number in range(groups):
        place = Point(centre.x_um + 2.5 * (number % 5 - 2), centre.y_um + 2.5 * (number // 5 - 2))
        name = f"collect-{one.scope.calibration.name}-{number}".replace(" ", "")
        minutes += one.minutes(group(one, place, holes_per_group, name))
    return 60.0 * holes_per_group * groups / minutes


def claims(quick: bool) -> Report:  # noqa: FBT001
    """All rates; `quick` draws fewer nights."""
    report = Report("Simulated column time against published rates")
    nights, groups = (3, 5) if quick else (12, 25)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        loads, singles, pairs = [], [], []
        for seed in range(nights):
            one = night(folder, "K3", seed)
            loads.append(load_and_atlas(one))
            singles.append(screening(one, 1))
            pairs.append(screening(one, 2))
            one.microscope.close()
        k2 = night(folder, "K2", 100)
        load_and_atlas(k2)
        k2_rate = collection(k2, 5, groups)
        k2.microscope.close()
    published = "published, unattended screening software"
    report.at_most(
        "load and partial atlas, difference from the published mean",
        abs(fmean(loads) - 7.8),
        unit="min",
        target=0.8,
        baseline=7.8,
        baseline_name=f"{published} (mean, min)",
    )
    report.inform("load and partial atlas of 9 tiles", round(fmean(loads), 2), unit="min")
    report.inform(
        "screening, one hole per stage target",
        round(fmean(singles), 2),
        unit="holes/min",
        baseline="0.7-1.0",
        baseline_name=published,
    )
    report.inform(
        "screening, two by image shift",
        round(fmean(pairs), 2),
        unit="holes/min",
        baseline="0.7-1.0",
        baseline_name=published,
    )
    report.inform(
        "collection, K2, groups of 5",
        round(k2_rate),
        unit="holes/h",
        baseline="100-130",
        baseline_name=published,
    )
    report.leave_out("analysis and waiting for it, autofocus (9 s where needed), refills.")
    return report


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))
