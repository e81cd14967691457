"""Groups of holes exposed by image shift on a tilted stage, against the simulator's truth.

The real procedure drives the simulated microscope with all its usual errors. What is left of a
defocus is told beyond autofocus and the film's own relief, which no shift can know; what a
position is off, beyond what it is on the level stage and what relief moves. A group that took a
neighbour for its centre hole is counted as such, and left out of the positions.
"""

from __future__ import annotations

import math
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.report import Report, main
from smartscope.domain.geometry import Point
from smartscope.domain.ordering import Stop, best_order
from smartscope.domain.travel import TravelModel
from smartscope.microscope.procedures.exchange import load_grid, open_valves
from smartscope.microscope.procedures.group import expose_group
from smartscope.microscope.procedures.happenings import Procedure, Produced, Waiting
from smartscope.microscope.procedures.hole_centring import hole_locator
from smartscope.microscope.procedures.requests import GroupMember, GroupRequest, LoadRequest
from smartscope.microscope.simulator import assembly
from smartscope.microscope.simulator.clock import SimulatedClock
from smartscope.microscope.simulator.driver import SimulatedMicroscope
from smartscope.microscope.simulator.faults import plan_from
from smartscope.microscope.simulator.guard import Guard
from smartscope.microscope.simulator.scope import Scope
from smartscope.microscope.simulator.specimen.values import Box, Hole, HoleFault, SquareLabel
from smartscope.microscope.simulator.witness import Witnessed
from smartscope.microscope.tilted_shift import SpecimenOffset
from smartscope.microscope.values import Area, CommandClass, HeightMode

TILTS_DEG = (0.0, 15.0, 30.0, 45.0)
QUICK_TILTS_DEG = (0.0, 45.0)
REACH_UM = 4.5
MEMBERS = 5
DEFOCUS_UM = 2.0
DRIFT_LIMIT = 2.0
MEANT = 0.98
#: half the film's pitch: beyond it another hole is nearer
MEANT_WITHIN_UM = 1.25
RESIDUAL_NM, OFF_NM, THROUGHPUT = 50.0, 100.0, 0.9
SEED = 5


class _Anybody:
    """A permit for whoever asks: nothing else drives this microscope."""

    def check(self, command_class: CommandClass, name: str) -> None:
        """Allow everything."""


@dataclass(slots=True)
class _Notebook:
    """A witness that keeps the records."""

    records: list[Witnessed] = field(default_factory=list)

    def saw(self, image: Witnessed) -> None:
        if image.area is Area.RECORD:
            self.records.append(image)


@dataclass(frozen=True, slots=True)
class Shot:
    """One exposure: what it missed by, what the tilt had added, and how far it was shifted."""

    residual_um: float
    gained_um: float
    off_um: float
    off_beyond_relief_um: float


@dataclass(frozen=True, slots=True)
class Bench:
    """A microscope with a grid on its stage."""

    microscope: SimulatedMicroscope
    scope: Scope
    clock: SimulatedClock
    notebook: _Notebook
    folder: Path
    measured: dict[str, float | str] = field(default_factory=dict)

    def run(self, procedure: Procedure) -> None:
        """To its end; waiting is instant, and what was measured is kept, as in a journal."""
        for happening in procedure:
            if isinstance(happening, Waiting):
                self.clock.wait_until(happening.until_s)
            if isinstance(happening, Produced):
                self.measured.update(happening.measurements)

    def groups(self, count: int) -> list[list[Hole]]:
        """Holes about one centre hole each (first), in one good square."""
        specimen = self.scope.specimen()
        squares = specimen.squares(Box.around(0.0, 0.0, 200.0))
        square = next(each for each in squares if each.label is SquareLabel.GOOD)
        box = Box.around(square.stage_x_um, square.stage_y_um, 0.35 * square.opening_um)
        holes = [h for h in specimen.holes(box) if h.visible and h.fault is HoleFault.NONE]
        free = sorted(holes, key=lambda hole: hole.id)
        groups: list[list[Hole]] = []
        while free and len(groups) < count:
            centre = free[len(free) // 2]
            near = [hole for hole in free if _apart(hole, centre) <= REACH_UM]
            # those farthest across the tilt axis first: they are the hard ones
            near.sort(key=lambda hole: -abs(hole.stage_y_um - centre.stage_y_um))
            members = [centre, *[hole for hole in near if hole is not centre][: MEMBERS - 1]]
            free = [hole for hole in free if hole not in near]
            if len(members) == MEMBERS:
                groups.append(members)
        return groups

    def expose(self, group: list[Hole], tilt_deg: float) -> list[Shot]:
        """One group, by the procedure that a session uses."""
        film = self.scope.specimen().spec.film
        members = tuple(
            GroupMember(item=f"{hole.id}", target=_place(hole), defocus_um=DEFOCUS_UM)
            for hole in group
        )
        before = len(self.notebook.records)
        leaned = None
        if tilt_deg != 0.0 and "offset_y_um" in self.measured:
            leaned = Point(float(self.measured["offset_x_um"]), float(self.measured["offset_y_um"]))
        self.run(
            expose_group(
                self.microscope,
                GroupRequest(
                    view_item="view",
                    centre=_place(group[0]),
                    members=members,
                    folder=self.folder,
                    dose_e_per_a2=20.0,
                    frames=1,
                    tilt_deg=tilt_deg,
                    drift_limit_angstrom_per_s=DRIFT_LIMIT,
                    locate=hole_locator(film.hole_um, search_um=film.pitch_um / 2),
                    leaned=leaned,
                    lattice_reach_um=film.pitch_um / 2,
                ),
            )
        )
        focus_um = self.scope.world.state.lenses.focus_height_um
        records = self.notebook.records[before:]
        return [
            _shot(record, records[0], hole, focus_um, tilt_deg)
            for record, hole in zip(records, group, strict=True)
        ]


def _shot(
    record: Witnessed, centre: Witnessed, hole: Hole, focus_um: float, tilt_deg: float
) -> Shot:
    """The group was centred on its first hole: relief moves the others by z·tan α against it."""
    seen = SpecimenOffset.seen_by(record.image_shift, tilt_deg)
    dx, dy = record.pose.x_um - hole.stage_x_um, record.pose.y_um - hole.stage_y_um
    relief_um = record.height_excess_um - centre.height_excess_um
    moved_um = relief_um * math.tan(math.radians(tilt_deg))
    return Shot(
        residual_um=record.defocus_um - DEFOCUS_UM - (record.height_excess_um - focus_um),
        gained_um=seen.height_um(tilt_deg),
        off_um=math.hypot(dx, dy),
        off_beyond_relief_um=math.hypot(dx, dy - moved_um),
    )


def _place(hole: Hole) -> Point:
    return Point(hole.stage_x_um, hole.stage_y_um)


def _apart(one: Hole, other: Hole) -> float:
    return _place(one).distance_um(_place(other))


def claims(quick: bool) -> Report:  # noqa: FBT001  the shared form of every benchmark
    """Defocus, position and time of exposures on a tilted stage, one microscope for each tilt."""
    report = Report("Exposures by image shift on a tilted stage, against the simulator's truth")
    level_off = level_s = 0.0
    for tilt_deg in QUICK_TILTS_DEG if quick else TILTS_DEG:
        shots, seconds = _session(tilt_deg, groups=4 if quick else 8)
        meant = [shot for shot in shots if shot.off_um < MEANT_WITHIN_UM]
        off_nm = 1e3 * _rms([shot.off_beyond_relief_um for shot in meant])
        per_shot_s = seconds / len(shots)
        if tilt_deg == 0.0:
            level_off, level_s = off_nm, per_shot_s
            report.inform("0°: position off, rms", off_nm, unit="nm")
            report.inform("0°: time per exposure, simulated", per_shot_s, unit="s")
        else:
            _tilted(report, tilt_deg, shots, off_nm, level_off)
            report.at_least(
                f"{tilt_deg:.0f}°: exposures per hour, of the level stage's",
                level_s / per_shot_s,
                unit="fraction",
                target=THROUGHPUT,
            )
        report.at_least(
            f"{tilt_deg:.0f}°: exposures in the hole that was meant",
            len(meant) / len(shots),
            unit="fraction",
            target=MEANT,
        )
        report.inform(f"{tilt_deg:.0f}°: exposures", len(shots), unit="")
    report.leave_out("A real stage: that x, y move in the tilted specimen's plane is assumed.")
    return report


def _tilted(
    report: Report, tilt_deg: float, shots: list[Shot], off_nm: float, level_nm: float
) -> None:
    report.at_most(
        f"{tilt_deg:.0f}°: defocus left beyond autofocus and relief, rms",
        1e3 * _rms([shot.residual_um for shot in shots]),
        unit="nm",
        target=RESIDUAL_NM,
        baseline=1e3 * _rms([shot.residual_um + shot.gained_um for shot in shots]),
        baseline_name="no defocus term",
    )
    report.at_most(
        f"{tilt_deg:.0f}°: position off beyond the level stage's and relief, rms",
        math.sqrt(max(0.0, off_nm**2 - level_nm**2)),
        unit="nm",
        target=OFF_NM,
    )
    report.inform(
        f"{tilt_deg:.0f}°: position off, relief and all, rms",
        1e3 * _rms([shot.off_um for shot in shots if shot.off_um < MEANT_WITHIN_UM]),
        unit="nm",
    )


def _session(tilt_deg: float, *, groups: int) -> tuple[list[Shot], float]:
    """Exposures of several groups of one square, and the simulated seconds they took."""
    with tempfile.TemporaryDirectory() as place:
        bench = _bench(Path(place))
        planned = _in_order(bench.groups(groups))
        began_s = bench.clock.now()
        bench.microscope.stage.move_to(_place(planned[0][0]))
        bench.microscope.tasks.eucentric_height(HeightMode.FINE)
        shots = [shot for group in planned for shot in bench.expose(group, tilt_deg)]
        seconds = bench.clock.now() - began_s
        bench.microscope.close()
    return shots, seconds


def _in_order(groups: list[list[Hole]]) -> list[list[Hole]]:
    """From the first on as a session visits them: on the cheapest path."""
    stops = [Stop(_place(group[0]), number) for number, group in enumerate(groups)]
    return [groups[index] for index in best_order(stops[0].at, stops, TravelModel())]


def _bench(folder: Path) -> Bench:
    settings: dict[str, object] = {
        "data_dir": folder / "world",
        "seed": SEED,
        "start_time_s": 1.8e9,
        "refills": False,
        "grids": {"1": {"preset": "good", "grid_id": "tilt"}},
    }
    clock = assembly.open_clock(settings)
    scope, notebook = assembly.open_scope(settings, clock=clock), _Notebook()
    microscope = SimulatedMicroscope(Guard(scope, _Anybody(), plan_from(None)), witness=notebook)
    exposures = folder / "exposures"
    exposures.mkdir()
    bench = Bench(microscope, scope, clock, notebook, exposures)
    bench.run(load_grid(microscope, LoadRequest(slot=1)))
    bench.run(open_valves(microscope))
    # drift after loading is another story
    clock.wait_until(clock.now() + 1800.0)
    return bench


def _rms(values: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


if __name__ == "__main__":
    sys.exit(main(claims))
