"""Move a run along its ladder; its waits are closed when it ends."""

from __future__ import annotations

from uuid import UUID

from smartscope.domain.actor import BRIDGE
from smartscope.domain.status import RUN_MOVES, RunState, moved
from smartscope.models import Run, Wait, Wish
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.lease.fence import fenced
from smartscope.operations.lease.held import Held

ENDS = frozenset({RunState.DONE, RunState.ABORTED, RunState.FAILED, RunState.INTERRUPTED})


@fenced
def change_run(held: Held, run_id: UUID, to: RunState, *, reason: str, now_s: float) -> None:
    """Nothing happens when the run is there already. Raises IllegalTransition."""
    run = Run.objects.select_for_update(no_key=True).get(pk=run_id)
    before = RunState(run.state)
    if before is to:
        return
    run.state = moved(RUN_MOVES, before, to, "the run")
    run.state_reason = reason[:300]
    if to is RunState.ARMING:
        run.ended_at_s = None
        if run.started_at_s is None:
            run.started_at_s = now_s
    if to is RunState.INTERRUPTED:
        # only a person's new wish takes it up again
        run.wish, run.wished_by = Wish.PAUSE, None
    if to in ENDS:
        run.ended_at_s = now_s
        Wait.objects.filter(run=run, ended_at_s=None).update(ended_at_s=now_s)
    run.version += 1
    run.save()
    told = Told(
        subjects=[run.pk],
        before={"state": before},
        after={"state": to},
        reason=reason,
        epoch=held.epoch,
    )
    record_event(f"run.{to}", BRIDGE, Scope(run.microscope_id, run.session_id), told)
