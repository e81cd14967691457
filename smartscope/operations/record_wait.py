"""Time in which the microscope does nothing, with its cause; one row per stretch of waiting."""

from __future__ import annotations

from uuid import UUID

from smartscope.domain.actor import BRIDGE
from smartscope.domain.steps import Wait as Waiting
from smartscope.models import Run, Wait
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.lease.fence import fenced
from smartscope.operations.lease.held import Held


@fenced
def begin_wait(held: Held, run: UUID, wait: Waiting, *, now_s: float) -> None:
    """Open a stretch; one of another cause or reason ends now, the same one goes on."""
    open_waits = Wait.objects.select_for_update(no_key=True).filter(run_id=run, ended_at_s=None)
    for row in open_waits:
        if (row.cause, row.reason) == (wait.cause, wait.reason[:300]):
            return
        row.ended_at_s = now_s
        row.save(update_fields=["ended_at_s", "updated_at"])
    row = Wait.objects.create(
        run_id=run, cause=wait.cause, reason=wait.reason[:300], began_at_s=now_s
    )
    _tell(held, run, "run.waiting", row)


@fenced
def end_waits(held: Held, run: UUID, *, now_s: float) -> None:
    """The microscope works again."""
    for row in Wait.objects.select_for_update(no_key=True).filter(run_id=run, ended_at_s=None):
        row.ended_at_s = now_s
        row.save(update_fields=["ended_at_s", "updated_at"])
        _tell(held, run, "run.waited", row)


def _tell(held: Held, run: UUID, kind: str, row: Wait) -> None:
    session = Run.objects.values_list("session_id", flat=True).get(pk=run)
    told = Told(subjects=[run], after={"cause": row.cause}, reason=row.reason, epoch=held.epoch)
    record_event(kind, BRIDGE, Scope(held.microscope, session), told)
