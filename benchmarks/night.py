"""What our software costs the microscope: a night of four grids on the simulated column, driven
through SerialEM's socket.

Every duration of the column is drawn from distributions fitted to published rates; analyses take
the time on the microscope's clock that they declare. The baseline is the same night replayed
without any software: the sum of the same steps and of the instrument's own waits.

Run: `python -m benchmarks.night [--quick] [--json PATH]`.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import Report, main
from benchmarks.scratch_database import scratch_database
from smartscope.demo.cassette import Cassette
from smartscope.demo.instrument import DemoInstrument
from smartscope.microscope.simulator.server import SimulatorServer

SOFTWARE = ("analysis", "storage")
SEED = 11
LONGEST_ANALYSES_S = 600.0


@dataclass(frozen=True, slots=True)
class Night:
    """What one run took, seconds on the microscope's clock unless said otherwise."""

    exposures: int
    plannable: int
    lasted_s: float
    software_s: float
    instrument_s: float
    steps_s: float
    steps: int
    real_s: float
    analyses_real_s: float

    @property
    def rate_per_h(self) -> float:
        """Exposures per hour as it was."""
        return 3600.0 * self.exposures / self.lasted_s

    @property
    def replayed_per_h(self) -> float:
        """Exposures per hour of the same steps without any software between them."""
        return 3600.0 * self.exposures / (self.steps_s + self.instrument_s)


def claims(quick: bool) -> Report:  # noqa: FBT001 (the form of every benchmark)
    """The loop's cost in microscope time, and in real time per decision."""
    with scratch_database() as directory:
        night = _live(directory, grids=1 if quick else 4, quick=quick)
    report = Report(f"A night of {night.exposures} exposures in {night.steps} steps")
    report.at_least(
        "screening rate against the same steps without software",
        night.rate_per_h / night.replayed_per_h,
        unit="ratio",
        target=0.97,
        baseline=1.0,
        baseline_name="replay",
    )
    report.at_most(
        "software waiting", night.software_s / night.lasted_s, unit="of the time", target=0.03
    )
    report.inform(
        "screening rate",
        night.rate_per_h,
        unit="exposures/h",
        baseline=night.replayed_per_h,
        baseline_name="replay",
    )
    report.at_least(
        "queued holes exposed",
        night.exposures / max(1, night.plannable),
        unit="ratio",
        target=0.98,
    )
    report.inform("the night on the microscope's clock", night.lasted_s / 3600.0, unit="h")
    report.inform("the night in real time", night.real_s, unit="s")
    report.inform(
        "of that, analyses (done in the bridge's process here)", night.analyses_real_s, unit="s"
    )
    report.leave_out(
        "the queue and the network: analyses run in this process whenever the bridge waits."
    )
    return report


def _live(directory: Path, *, grids: int, quick: bool) -> Night:
    instrument = DemoInstrument.on_free_ports(
        Cassette(grids=grids, seed=SEED),
        speed="instant",
        world=directory / "world",
        frames=directory / "frames",
    )
    instrument.frames.mkdir()
    with SimulatorServer(
        instrument.settings(), port=instrument.port, control_port=instrument.control_port
    ):
        return _drive(directory, instrument, quick=quick)


def _drive(directory: Path, instrument: DemoInstrument, *, quick: bool) -> Night:
    from django.utils import timezone

    from smartscope.models import Grid, Hole, Microscope, Run, Step, Wait
    from smartscope.storage.current import current_store
    from tests.workers.bridge.rig import Facility
    from workers.demo_night import demo_night

    session = demo_night(
        qualities=instrument.cassette.qualities(),
        seed=SEED,
        driver_settings=instrument.driver_settings(),
        today=timezone.now(),
    )
    if quick:
        Grid.objects.update(squares_per_grid=1, holes_per_square=3)
    run = Run.objects.get()
    spent = _Spent()
    house = Facility(
        Microscope.objects.get(), session, run, current_store(), directory, analyse=spent.analyse
    )
    began = time.perf_counter()
    bridge = house.bridge()
    bridge.keeper.start()
    # The workers of this benchmark work in the bridge's own process, which is no sign of a hang.
    house.during_nap = lambda: bridge.helm.pulse.allow(LONGEST_ANALYSES_S)
    try:
        bridge.run_until_idle()
    finally:
        bridge.die()
    real_s = time.perf_counter() - began
    run.refresh_from_db()
    assert run.state == "done", run.state_reason
    assert run.started_at_s is not None
    assert run.ended_at_s is not None
    waits = Wait.objects.filter(run=run, ended_at_s__isnull=False)
    spans = {
        software: sum(
            wait.ended_at_s - wait.began_at_s
            for wait in waits
            if (wait.cause in SOFTWARE) is software and wait.ended_at_s is not None
        )
        for software in (True, False)
    }
    steps = list(Step.objects.filter(run=run).exclude(ended_at_s=None))
    inside = [
        (wait.began_at_s, wait.ended_at_s)
        for wait in waits
        if wait.cause not in SOFTWARE
        and any(s.began_at_s <= wait.began_at_s < (s.ended_at_s or 0.0) for s in steps)
    ]
    in_steps_s = sum((end or start) - start for start, end in inside)
    return Night(
        exposures=Hole.objects.filter(exposures__movie__isnull=False).count(),
        plannable=Hole.objects.exclude(status__in=("found", "rejected")).count(),
        lasted_s=run.ended_at_s - run.started_at_s,
        software_s=spans[True],
        instrument_s=spans[False] - in_steps_s,
        steps_s=sum((step.ended_at_s or 0.0) - step.began_at_s for step in steps),
        steps=len(steps),
        real_s=real_s,
        analyses_real_s=spent.seconds,
    )


class _Spent:
    """The real analyses, with the real time they took."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def analyse(self, pk: object) -> None:
        from workers.analyses.run import run_analysis

        began = time.perf_counter()
        run_analysis(pk)  # type: ignore[arg-type]
        self.seconds += time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main(claims))
