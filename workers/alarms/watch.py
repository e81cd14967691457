"""What the sweeper notices by looking at rows and disk: each condition raises or clears its alarm.

run.undriven           a run goes on, or was left without a word, and no bridge has held it for 60 s
run.waits_for_person   and grid.failed: see `waiting`
instrument.silent      a live bridge has not read its instrument for long
lease.quarantined      nobody may drive until a person has looked
analysis.old           images wait for their analysis
disk.low               room for data
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Min

from smartscope.domain.alarms import Level
from smartscope.domain.status import LIVE_RUNS, OPEN_STEPS, AnalysisState, RunState
from smartscope.models import Analysis, Event, Lease, LeaseState, Microscope, Run, Step
from workers.alarms.condition import Condition, settle
from workers.alarms.waiting import run_of_each, waiting

#: an undriven run is somebody's lost night
UNDRIVEN_FOR = timedelta(seconds=60)
#: between steps the bridge reads every few seconds; within one a command may take its deadline
SILENT_FOR = timedelta(minutes=2)
SILENT_IN_STEP_FOR = timedelta(minutes=70)
#: free part of the disk and how bad less than that is, worst first
DISK_LEVELS = ((0.05, Level.MAJOR), (0.10, Level.MAJOR), (0.15, Level.MINOR))
#: what a run needs a bridge for; paused and suspended ones may have let go of the instrument
DRIVEN = (RunState.ARMING, RunState.RUNNING, RunState.FINISHING)


def watch(now: datetime) -> None:
    """Raise and clear by what is seen now; every look is the same, whatever was seen before."""
    for condition in conditions(now):
        settle(condition)


def conditions(now: datetime) -> Iterator[Condition]:
    """Everything that is looked at, good or bad."""
    runs = run_of_each()
    leases = {lease.microscope_id: lease for lease in Lease.objects.all()}
    for microscope in Microscope.objects.order_by("name"):
        last, lease = runs.get(microscope.pk), leases.get(microscope.pk)
        run = last if last is not None and last.state in DRIVEN else None
        yield _undriven(microscope, last, lease, now)
        yield from waiting(microscope, last, now)
        yield _silent(microscope, run, lease, now)
        yield _quarantined(microscope, lease)
    yield _old_analysis(now)
    yield _disk()


def _live(lease: Lease | None, now: datetime) -> bool:
    return (
        lease is not None
        and lease.state == LeaseState.HELD
        and lease.expires_at is not None
        and lease.expires_at > now
    )


def _needs_bridge(run: Run, lease: Lease | None) -> bool:
    """A run that only waits may have let go of the instrument; then its lease was given back."""
    held = lease is not None and lease.state == LeaseState.HELD
    return run.state in DRIVEN or (run.state in LIVE_RUNS and held)


def _undriven(
    microscope: Microscope, run: Run | None, lease: Lease | None, now: datetime
) -> Condition:
    key = "run.undriven"
    if run is None or not _needs_bridge(run, lease) or _live(lease, now):
        return Condition(key=key, level=None, microscope=microscope.pk)
    signs = [run.updated_at, microscope.seen_at, lease.expires_at if lease else None]
    last = max(sign for sign in signs if sign is not None)
    return Condition(
        key=key,
        level=Level.MAJOR if now - last > UNDRIVEN_FOR else None,
        microscope=microscope.pk,
        session=run.session_id,
        text=f"{microscope.name} has a run that nobody drives: no bridge has held it for a minute.",
        advice="Start the bridge, or see in its log why it cannot take the lease.",
    )


def _silent(
    microscope: Microscope, run: Run | None, lease: Lease | None, now: datetime
) -> Condition:
    key = "instrument.silent"
    good = Condition(key=key, level=None, microscope=microscope.pk)
    if run is None or not _live(lease, now):
        return good
    opened = Step.objects.filter(microscope=microscope, state__in=OPEN_STEPS).exists()
    last = max(microscope.seen_at or run.updated_at, run.updated_at)
    if now - last <= (SILENT_IN_STEP_FOR if opened else SILENT_FOR):
        return good
    return Condition(
        key=key,
        level=Level.INVALID,
        microscope=microscope.pk,
        session=run.session_id,
        text=f"{microscope.name} has not been read since {last:%H:%M} UTC, while a run goes on.",
        advice="Look at the instrument: a dialog may wait there for an answer.",
    )


def _quarantined(microscope: Microscope, lease: Lease | None) -> Condition:
    key = "lease.quarantined"
    if lease is None or lease.state != LeaseState.QUARANTINED:
        return Condition(key=key, level=None, microscope=microscope.pk)
    told = Event.objects.filter(kind=key, microscope=microscope.pk).order_by("-seq").first()
    why = f": {told.reason}" if told is not None and told.reason else ""
    return Condition(
        key=key,
        level=Level.MAJOR,
        microscope=microscope.pk,
        text=f"Nobody drives {microscope.name} until a person has looked at it{why}."[:300],
        advice=f"Look at valves, stage and grid, then: manage.py clear_lease '{microscope.name}' "
        "--reason '…'",
    )


def _old_analysis(now: datetime) -> Condition:
    waiting = Analysis.objects.filter(state__in=(AnalysisState.WANTED, AnalysisState.RUNNING))
    oldest = waiting.aggregate(since=Min("created_at"))["since"]
    limit = timedelta(seconds=settings.OLD_ANALYSIS_S)
    return Condition(
        key="analysis.old",
        level=Level.MINOR if oldest is not None and now - oldest > limit else None,
        text="Images wait for their analysis for too long; runs wait with them.",
        advice="See whether the workers live and what they log; more workers work off a backlog.",
    )


def _disk() -> Condition:
    usage = shutil.disk_usage(settings.DATA_DIR if settings.DATA_DIR.exists() else "/")
    free = usage.free / usage.total
    level = next((level for below, level in DISK_LEVELS if free < below), None)
    return Condition(
        key="disk.low",
        level=level,
        text=f"The disk of the data directory has {100 * free:.0f} % free.",
        advice="Make room before the next grid: below 10 % none is begun, below 5 % runs stop.",
    )
