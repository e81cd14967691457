"""Renew a lease on the connection that keeps its lock; a refusal means that we are dead."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

from smartscope.domain.errors import LeaseLost
from smartscope.operations.lease.held import Held, LeaseTimes


def renew_lease(held: Held, times: LeaseTimes, lock: BaseDatabaseWrapper) -> None:
    """One beat and a new expiry. Raises LeaseLost when the row is not ours any more.

    Not an event: nothing changed, it only went on.
    """
    with lock.cursor() as cursor:
        cursor.execute(
            "UPDATE smartscope_lease SET beat = beat + 1,"
            " expires_at = clock_timestamp() + make_interval(secs => %s)"
            " WHERE microscope_id = %s AND epoch = %s AND holder = %s AND state = 'held'"
            " AND expires_at > clock_timestamp()",
            [times.ttl_s, held.microscope, held.epoch, held.holder],
        )
        if cursor.rowcount != 1:
            raise LeaseLost(
                f"Epoch {held.epoch} of microscope {held.microscope} was not renewed: "
                "another process drives it. Stop this one."
            )
