"""Commit that a command is about to be sent which cannot be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import IntegrityError

from smartscope.domain.actor import BRIDGE
from smartscope.domain.errors import Conflict
from smartscope.domain.status import ItemState, StepState
from smartscope.operations.event_log import Told, record_event
from smartscope.operations.lease.fence import fenced
from smartscope.operations.lease.held import Held
from smartscope.operations.step_rows import (
    lock_items,
    lock_open_step,
    move_item,
    move_step,
    scope_of,
)


def issue_items(
    held: Held, step: UUID, names: Sequence[str], *, command: str, now_s: float
) -> None:
    """The step and these items are issued from now on, whatever happens to this process.

    Raises Conflict when a hole among them was ever issued before: its dose is spent; and for a step
    of another epoch, or of unknown outcome, which is closed before anything more is sent.
    """
    try:
        _issue(held, step, names, command=command, now_s=now_s)
    except IntegrityError as error:
        raise Conflict(
            f"A hole of {', '.join(names)} has been exposed before; it is not exposed again.",
            code="dose_spent",
        ) from error


@fenced
def _issue(held: Held, step: UUID, names: Sequence[str], *, command: str, now_s: float) -> None:
    row = lock_open_step(held, step)
    if row.state == StepState.UNKNOWN or row.epoch != held.epoch:
        raise Conflict(
            f"Step {row.number} is {row.state} since epoch {row.epoch}; recover it first.",
            code="step_to_recover",
        )
    items = lock_items(row)
    for name in names:
        items[name].issued_at_s = now_s
        move_item(items[name], ItemState.ISSUED)
    if row.state == StepState.INTENT:
        move_step(row, StepState.ISSUED, now_s=now_s)
    told = Told(
        subjects=[row.pk], after={"command": command, "items": list(names)}, epoch=held.epoch
    )
    record_event("step.issued", BRIDGE, scope_of(row), told)
