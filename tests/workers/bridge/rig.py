"""A small facility for one test: rows, a simulated world on disk, bridges that come and go.

Workers are the real analyses, done whenever the bridge naps; leases are real, and a dead bridge's
runs out because the test moves its expiry, not because anybody sleeps.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group as PeopleGroup
from django.utils import timezone

from smartscope.domain.errors import LeaseLost
from smartscope.models import (
    Analysis,
    Detector,
    Grid,
    Lease,
    Microscope,
    Run,
    Session,
)
from smartscope.operations.lease.acquire_lease import Acquired, acquire_lease
from smartscope.operations.lease.held import LeaseTimes
from smartscope.storage.current import store_at
from smartscope.storage.store import Store
from workers.analyses.run import run_analysis
from workers.bridge.fault_points import Plan, arm
from workers.bridge.helm import Helm
from workers.bridge.instrument import open_instrument
from workers.bridge.keeper import Keeper
from workers.bridge.loop import Loop
from workers.bridge.permit import LeasePermit
from workers.bridge.pulse import Pulse
from workers.bridge.recover import recover
from workers.bridge.watch import TemperatureLimits, Watch

#: nobody renews here, so a holding must outlast a test on a busy machine
TTL = LeaseTimes(600.0)
START_S = 1_700_000_000.0
#: more turns than any session here needs: a run that does not end is a failure, not a hang
ENOUGH_TURNS = 2_000


class ProcessDeath(BaseException):
    """The process ended here: nothing after it happens, no handler sees it."""


def small_world(directory: Path, **changes: Any) -> dict[str, Any]:
    """Settings of a perfect simulated microscope with one good grid."""
    return {
        "data_dir": str(directory / "world"),
        "seed": 5,
        "clock": "instant",
        "start_time_s": START_S,
        "refills": False,
        "error_scale": 0,
        "grids": {"1": {"preset": "good"}},
        **changes,
    }


@dataclass(slots=True)
class Facility:
    """One microscope, one session with a queued run, and its files."""

    microscope: Microscope
    session: Session
    run: Run
    store: Store
    directory: Path
    analyse: Callable[[UUID], None] = run_analysis
    naps: int = 0
    during_nap: Callable[[], None] = field(default=lambda: None)

    def bridge(self) -> Bridge:
        """A new bridge process, once the lease of the last one has run out."""
        let_lease_run_out(self.microscope.pk)
        clock = itertools.count(0.0, TTL.ttl_s / 3)
        acquired = acquire_lease(
            self.microscope.pk, TTL, clock=lambda: next(clock), sleep=lambda _: None
        )
        assert acquired is not None
        return Bridge(self, acquired)

    def nap(self, _: float) -> None:
        """What happens while a bridge waits in real time: the workers work."""
        self.naps += 1
        self.during_nap()
        self.work_off()

    def work_off(self) -> None:
        """Do every analysis that is wanted, in the order in which the images were taken."""
        wanted = Analysis.objects.filter(state="wanted").exclude(kind="preview")
        for pk in wanted.order_by("image__taken_at_s", "created_at").values_list("pk", flat=True):
            self.analyse(pk)


class Bridge:
    """The parts of one bridge process, put together by hand so that a test can end it anywhere."""

    def __init__(self, facility: Facility, acquired: Acquired) -> None:
        pulse = Pulse()
        taken = Acquired(acquired.held, acquired.connection, _now())
        self.keeper = Keeper(taken, TTL, pulse, end_process=_never)
        self.held = acquired.held
        row = Microscope.objects.get(pk=facility.microscope.pk)
        permit = LeasePermit(self.keeper, pulse)
        instrument = open_instrument(row, permit, epoch=acquired.held.epoch)
        self.helm = Helm(
            held=acquired.held,
            microscope=instrument.microscope,
            clock=instrument.clock,
            keeper=self.keeper,
            pulse=pulse,
            store=facility.store,
            spool=facility.directory / "spool",
            pace=instrument.pace,
            sleep=facility.nap,
            watch=Watch(
                limits=TemperatureLimits(
                    stage_k=row.stage_limit_k, autoloader_k=row.autoloader_limit_k
                )
            ),
        )
        self.loop = Loop(self.helm)

    def run_until_idle(self) -> None:
        """Recover, then turn until there is nothing to drive."""
        recover(self.helm)
        for _ in range(ENOUGH_TURNS):
            if not self.loop.turn():
                return
        raise AssertionError("the run did not end")

    def turns(self, count: int) -> None:
        """Exactly so many turns, without recovery."""
        for _ in range(count):
            self.loop.turn()

    def die(self) -> None:
        """Everything the kernel would close is closed; nothing is tidied up."""
        with suppress(LeaseLost):
            self.helm.microscope.close()
        self.keeper.stop()


def _now() -> float:
    from smartscope.operations.lease.held import boot_time_s

    return boot_time_s()


def _never(reason: str) -> None:
    raise AssertionError(f"the keeper wanted to end the process: {reason}")


def let_lease_run_out(microscope: UUID) -> None:
    """The time to live of a dead holder passes."""
    Lease.objects.filter(pk=microscope, holder__isnull=False).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )


def facility(directory: Path, *, grids: int = 1, world: Any = None, **protocol: Any) -> Facility:
    """Rows for a session of `grids` grids whose run is queued, and an empty storage."""
    microscope = Microscope.objects.create(
        name="Simulated", driver_settings=world or small_world(directory)
    )
    detector = Detector.objects.create(
        microscope=microscope,
        number=1,
        name="mini",
        model="mini",
        width_px=512,
        height_px=512,
        physical_pixel_um=5.0,
    )
    session = Session.objects.create(
        name="night",
        date=date(2026, 1, 1),
        group=PeopleGroup.objects.create(name="people"),
        microscope=microscope,
        detector=detector,
    )
    for position in range(1, grids + 1):
        Grid.objects.create(
            session=session,
            slug=f"g{position:02d}",
            position=position,
            name=f"grid {position}",
            **protocol,
        )
    run = Run.objects.create(session=session, microscope=microscope)
    files = directory / "files"
    files.mkdir(exist_ok=True)
    return Facility(microscope, session, run, store_at(files.as_uri()), directory)


def dies_at(name: str, nth: int) -> Plan:
    """Arm a death at the nth passing of a point in this process."""

    def strike() -> None:
        raise ProcessDeath(f"{name}:{nth}")

    plan = Plan(name, nth, strike)
    arm(plan)
    return plan
