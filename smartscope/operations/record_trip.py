"""A suspender tripped, came to a worse stage, or cleared: an event each, for people to read."""

from __future__ import annotations

from uuid import UUID

from smartscope.domain.actor import BRIDGE
from smartscope.domain.suspenders import Signal, Stage
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.lease.fence import fenced
from smartscope.operations.lease.held import Held


@fenced
def record_trip(
    held: Held, session: UUID | None, signal: Signal, stage: Stage, *, reason: str
) -> None:
    """The suspender of `signal` has come to this stage."""
    after = {
        "signal": str(signal),
        "then": str(stage.then),
        "level": None if stage.level is None else str(stage.level),
    }
    told = Told(subjects=[held.microscope], after=after, reason=reason, epoch=held.epoch)
    record_event("suspender.tripped", BRIDGE, Scope(held.microscope, session), told)


@fenced
def record_clearing(held: Held, session: UUID | None, signal: Signal) -> None:
    """The suspender of `signal` holds nothing up any more."""
    told = Told(subjects=[held.microscope], after={"signal": str(signal)}, epoch=held.epoch)
    record_event("suspender.cleared", BRIDGE, Scope(held.microscope, session), told)
