"""Who drives: a running run has a driver, and after trouble nobody goes on without a person."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from smartscope.domain.status import RunState
from smartscope.models import Event, Lease, Run, Step
from tests.invariants.violation import Violation, Violations

UNDRIVEN = timedelta(seconds=60)
_DRIVEN = (RunState.ARMING, RunState.RUNNING, RunState.FINISHING)
#: steps that open, load or warm
_MOVING = ("load_grid", "open_valves")


def undriven_runs() -> Violations:
    """I7: no run is running without a live lease for over 60 s, by the database's clock."""
    now = _now()
    for run in Run.objects.filter(state__in=_DRIVEN):
        lease = Lease.objects.filter(pk=run.microscope_id).first()
        alive = lease is not None and lease.holder is not None and lease.expires_at is not None
        expired = lease.expires_at if lease is not None and alive else None
        since = expired or run.updated_at
        if now - since > UNDRIVEN:
            yield Violation("I7", f"run {run.pk} is {run.state}, undriven since {since:%H:%M:%S}")


def moved_after_trouble() -> Violations:
    """I11: between a stop for a person and that person's word nothing opens, loads or warms."""
    steps = {
        str(step.pk): step for step in Step.objects.filter(kind__in=_MOVING).only("number", "kind")
    }
    waits_for_person = ""
    for event in Event.objects.order_by("seq"):
        if _stops(event):
            waits_for_person = f"event {event.seq} ({event.kind}: {event.reason})"
        elif event.kind in ("command.wished", "lease.cleared"):
            waits_for_person = ""
        elif event.kind == "step.begun" and waits_for_person:
            for subject in event.subjects:
                if subject in steps:
                    step = steps[subject]
                    yield Violation(
                        "I11",
                        f"step {step.number} ({step.kind}) was begun after {waits_for_person} "
                        "without a person's word",
                    )


def _stops(event: Event) -> bool:
    """Whether from here on a person is asked."""
    if event.kind in ("lease.quarantined", "run.interrupted"):
        return True
    paused = event.kind == "run.changed" and (event.after or {}).get("wish") == "pause"
    return paused and event.actor_type != "user"


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    assert isinstance(now, datetime)
    return now
