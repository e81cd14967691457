"""Give the lease back, or close it until a person has looked at the instrument."""

from __future__ import annotations

from django.db import transaction

from smartscope.domain.actor import BRIDGE
from smartscope.models import Lease, LeaseState
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.lease.fence import hold_fence
from smartscope.operations.lease.held import Held


def release_lease(held: Held, reason: str = "") -> None:
    """The instrument is safe and disconnected: whoever comes next need not wait.

    Raises LeaseLost when it was not ours to release.
    """
    _leave(held, LeaseState.FREE, "lease.released", reason)


def quarantine_lease(held: Held, reason: str) -> None:
    """What the instrument did is unknown: nobody drives it until a person clears the lease."""
    _leave(held, LeaseState.QUARANTINED, "lease.quarantined", reason)


def _leave(held: Held, state: LeaseState, kind: str, reason: str) -> None:
    with transaction.atomic(durable=True):
        told = Told(subjects=[held.microscope], reason=reason, epoch=held.epoch)
        record_event(kind, BRIDGE, Scope(microscope=held.microscope), told)
        hold_fence(held)
        Lease.objects.filter(pk=held.microscope).update(
            state=state, holder=None, expires_at=None, backend_pid=None, backend_start=None
        )
