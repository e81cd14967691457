"""An epoch ends in the middle of a step: what was issued is unknown until its successor looks.

A link that is lost again and again, or commands that never answer, are a person's: the run pauses.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from smartscope.domain.actor import BRIDGE
from smartscope.domain.recovery import IN_A_ROW
from smartscope.domain.status import LIVE_RUNS, OPEN_STEPS, RUN_MOVES, RunState, StepState, moved
from smartscope.models import Event, Run, Step, Wish
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.lease.fence import fenced
from smartscope.operations.lease.held import Held
from smartscope.operations.step_rows import lock_open_step, move_step, scope_of

#: the third lost link within so long pauses the run: somebody else wants the instrument
LINKS_LOST_IN = timedelta(minutes=10)
LOST_LINK = "link.lost"


@fenced
def leave_unknown(held: Held, *, reason: str, now_s: float) -> bool:
    """After a command that did not answer. True when the run was paused for a person.

    The open step, if anything of it was issued, stays open as unknown; this counts as a failure.
    """
    _mark_unknown(held, reason, now_s)
    run = _live_run(held)
    if run is None:
        return False
    run.failures_in_a_row += 1
    often = run.failures_in_a_row >= IN_A_ROW
    if often:
        _pause(run, f"{IN_A_ROW} commands in a row failed: {reason}")
    run.save()
    if often:
        _tell_pause(held, run)
    return often


@fenced
def leave_to_operator(held: Held, *, reason: str, now_s: float) -> None:
    """The operator took the instrument: the run is paused, and control is not retaken by itself.

    So is a run that was only about to be taken up.
    """
    _mark_unknown(held, reason, now_s)
    run = _live_run(held) or _about_to_begin(held)
    if run is None:
        return
    _pause(run, reason)
    if run.state in (RunState.RUNNING, RunState.SUSPENDED, RunState.ARMING):
        run.state = moved(RUN_MOVES, RunState(run.state), RunState.PAUSED, "the run")
    run.save()
    _tell_pause(held, run)


@fenced
def leave_open(held: Held, *, reason: str, now_s: float) -> None:
    """What was exposed is left where it is for now: the step stays open as unknown."""
    _mark_unknown(held, reason, now_s)


@fenced
def record_lost_link(held: Held, *, reason: str) -> bool:
    """Another client replaced us, or the line broke. True when it happened too often lately."""
    run = _live_run(held)
    earlier = Event.objects.filter(
        kind=LOST_LINK, microscope=held.microscope, time__gte=timezone.now() - LINKS_LOST_IN
    ).count()
    often = earlier >= IN_A_ROW - 1
    if often and run is not None:
        _pause(run, "the link to the instrument was lost three times within ten minutes")
        run.save()
    told = Told(
        subjects=[held.microscope],
        after={"in_ten_minutes": earlier + 1},
        reason=reason,
        epoch=held.epoch,
    )
    session = None if run is None else run.session_id
    record_event(LOST_LINK, BRIDGE, Scope(held.microscope, session), told)
    if often and run is not None:
        _tell_pause(held, run)
    return often


def _mark_unknown(held: Held, reason: str, now_s: float) -> None:
    row = Step.objects.filter(microscope_id=held.microscope, state__in=OPEN_STEPS).first()
    if row is None or row.state != StepState.ISSUED:
        return
    row = lock_open_step(held, row.pk)
    row.reason = reason[:300]
    move_step(row, StepState.UNKNOWN, now_s=now_s)
    told = Told(subjects=[row.pk], after={"state": "unknown"}, reason=reason, epoch=held.epoch)
    record_event("step.unknown", BRIDGE, scope_of(row), told)


def _live_run(held: Held) -> Run | None:
    """The run of this microscope that is being driven, locked."""
    live = Run.objects.filter(microscope_id=held.microscope, state__in=sorted(LIVE_RUNS))
    return live.select_for_update(no_key=True).first()


def _about_to_begin(held: Held) -> Run | None:
    """The run that would be armed next, locked."""
    due = Q(state=RunState.QUEUED) | Q(state=RunState.INTERRUPTED, wish=Wish.RUN)
    waiting = Run.objects.filter(due, microscope_id=held.microscope).order_by("-created_at")
    return waiting.select_for_update(no_key=True).first()


def _pause(run: Run, reason: str) -> None:
    """As a person would, unless somebody already wished the run to stop."""
    run.state_reason = reason[:300]
    run.version += 1
    if run.wish != Wish.STOP:
        run.wish, run.wished_by = Wish.PAUSE, None


def _tell_pause(held: Held, run: Run) -> None:
    told = Told(
        subjects=[run.pk],
        after={"wish": str(run.wish), "state": str(run.state)},
        reason=run.state_reason,
        epoch=held.epoch,
    )
    record_event("run.changed", BRIDGE, Scope(run.microscope_id, run.session_id), told)
