"""Journal how the instrument stood when a run was armed; recovery compares with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from smartscope.domain.actor import BRIDGE
from smartscope.domain.status import RUN_MOVES, RunState, StepState, moved
from smartscope.models import Run
from smartscope.operations.begin_step import insert_row
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.lease.fence import fenced
from smartscope.operations.lease.held import Held
from smartscope.operations.step_rows import move_step


@fenced
def arm_run(held: Held, run_id: UUID, reading: Mapping[str, Any], *, now_s: float) -> None:
    """From arming to running; `reading` holds fingerprint, loaded_slot and identity."""
    run = Run.objects.select_for_update(no_key=True).get(pk=run_id)
    run.state = moved(RUN_MOVES, RunState(run.state), RunState.RUNNING, "the run")
    run.state_reason = ""
    run.version += 1
    run.save(update_fields=["state", "state_reason", "version", "updated_at"])
    row, _ = insert_row(
        held, run, kind="arm", subject=None, grid=None, parameters=dict(reading), now_s=now_s
    )
    move_step(row, StepState.DONE, now_s=now_s)
    told = Told(
        subjects=[run.pk, row.pk],
        before={"state": RunState.ARMING},
        after={"state": RunState.RUNNING, **reading},
        epoch=held.epoch,
    )
    record_event("run.running", BRIDGE, Scope(run.microscope_id, run.session_id), told)
