"""What waits for a person: a run that the service paused or interrupted, a grid that failed.

run.waits_for_person   nothing goes on until somebody resumes or stops the run
grid.failed.SLUG       a grid of the running or just ended run that nothing was, or is, taken of
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from smartscope.domain.alarms import AlarmState, Level
from smartscope.domain.status import LIVE_RUNS, GridStatus, RunState
from smartscope.domain.steps import Cause
from smartscope.models import Alarm, Grid, Microscope, Run, Wait, Wish
from smartscope.operations.finish_grid import PLANNED_PAUSE
from workers.alarms.condition import Condition

WAITS = "run.waits_for_person"
FAILED = "grid.failed."
#: a run that ended longer ago is history: its failed grids are in the report
RECENTLY = timedelta(hours=12)
ADVICE = (
    "Read the reason and look at the instrument; when it is right, resume the run, or stop it; "
    "answer on the page of the microscope what it asks."
)


def run_of_each() -> dict[UUID, Run]:
    """By microscope: the live or queued run, or else the newest.

    What was interrupted before a newer run was begun waits for nobody any more.
    """
    runs = Run.objects.order_by("microscope", "-created_at")
    newest = {run.microscope_id: run for run in runs.distinct("microscope")}
    going = Run.objects.filter(state__in=sorted(LIVE_RUNS | {RunState.QUEUED}))
    return newest | {run.microscope_id: run for run in going}


def waiting(microscope: Microscope, run: Run | None, now: datetime) -> Iterator[Condition]:
    """Of the microscope's run, as `run_of_each` says."""
    yield _waits(microscope, run)
    yield from _failed_grids(microscope, run, now)


def _waits(microscope: Microscope, run: Run | None) -> Condition:
    if run is None or not (found := _what_for(run)):
        return Condition(key=WAITS, level=None, microscope=microscope.pk)
    level, state, why = found
    return Condition(
        key=WAITS,
        level=level,
        microscope=microscope.pk,
        session=run.session_id,
        text=f"The run on {microscope.name} {state} and waits for a person: {why}",
        advice=ADVICE,
    )


def _what_for(run: Run) -> tuple[Level, str, str] | None:
    """How bad, in which state and why; None when it waits for nobody.

    Whoever planned a pause, or exchanges grids by hand, is about; others may sleep through it.
    """
    if _needs_person(run):
        state = "is interrupted" if run.state == RunState.INTERRUPTED else "is paused"
        planned = run.state_reason.endswith(PLANNED_PAUSE)
        why = run.state_reason or "no reason was given"
        return Level.MINOR if planned else Level.MAJOR, state, why
    asked = Wait.objects.filter(run=run, ended_at_s=None, cause=Cause.PERSON).first()
    if asked is None or run.state not in LIVE_RUNS:
        return None
    # what is on a stage in doubt is asked in the middle of a night too
    level = Level.MAJOR if run.microscope.stage_doubt else Level.MINOR
    return level, "stands still", asked.reason or "no reason was given"


def _needs_person(run: Run) -> bool:
    """A person's own pause needs no telling; what a person wished to go on or end, will."""
    if run.state == RunState.INTERRUPTED:
        return run.wish == Wish.PAUSE
    live = run.state in LIVE_RUNS or run.state == RunState.QUEUED
    return live and run.wish == Wish.PAUSE and run.wished_by_id is None


def _failed_grids(microscope: Microscope, run: Run | None, now: datetime) -> Iterator[Condition]:
    grids = Grid.objects.none()
    if run is not None and (run.state in LIVE_RUNS or now - run.updated_at < RECENTLY):
        grids = Grid.objects.filter(session=run.session_id, status=GridStatus.FAILED)
    keys = set()
    for grid in grids.order_by("position"):
        keys.add(FAILED + grid.slug)
        why = grid.status_reason or "no reason was given"
        yield Condition(
            key=FAILED + grid.slug,
            level=Level.MAJOR,
            microscope=microscope.pk,
            session=grid.session_id,
            text=f"Grid {grid.name} on {microscope.name} failed and is left out: {why}",
            advice="See what became of it; set it to waiting again when it is to be tried again.",
        )
    raised = Alarm.objects.filter(microscope=microscope, key__startswith=FAILED)
    open_ones = raised.exclude(state__in=(AlarmState.CLOSED, AlarmState.CLEARED))
    for key in open_ones.exclude(key__in=keys).values_list("key", flat=True):
        yield Condition(key=key, level=None, microscope=microscope.pk)
