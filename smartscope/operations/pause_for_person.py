"""Pause a run because only a person can say what is right now; they resume it when it is."""

from __future__ import annotations

from uuid import UUID

from smartscope.domain.actor import BRIDGE
from smartscope.models import Run, Wish
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.lease.fence import fenced
from smartscope.operations.lease.held import Held


@fenced
def pause_for_person(held: Held, run_id: UUID, reason: str) -> None:
    """Set the wish, as a person's pause would, with the service's reason; a stop stays a stop."""
    run = Run.objects.select_for_update(no_key=True).get(pk=run_id)
    before = run.wish
    run.state_reason = reason[:300]
    if run.wish != Wish.STOP:
        run.wish, run.wished_by = Wish.PAUSE, None
    run.version += 1
    run.save(update_fields=["wish", "wished_by", "state_reason", "version", "updated_at"])
    told = Told(
        subjects=[run.pk],
        before={"wish": before},
        after={"wish": str(run.wish)},
        reason=reason,
        epoch=held.epoch,
    )
    record_event("run.changed", BRIDGE, Scope(run.microscope_id, run.session_id), told)
