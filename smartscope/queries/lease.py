"""Reading the lease: whether a holding still stands, and what people are shown of it."""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from smartscope.models import Lease, LeaseState

_STANDS = """
SELECT 1 FROM smartscope_lease AS lease
 WHERE microscope_id = %s AND epoch = %s AND holder = %s AND state = 'held'
   AND expires_at > clock_timestamp()
   AND EXISTS (SELECT 1 FROM pg_locks
                WHERE locktype = 'advisory' AND granted AND pid = lease.backend_pid
                  AND classid::bigint = %s AND objid::bigint = %s)
"""


def lease_stands(microscope: UUID, *, epoch: int, holder: UUID, lock_key: int) -> bool:
    """Whether this epoch and holder may command now, lock included: asked before each command."""
    unsigned = lock_key & (2**64 - 1)
    with connection.cursor() as cursor:
        cursor.execute(_STANDS, [microscope, epoch, holder, unsigned >> 32, unsigned & (2**32 - 1)])
        return cursor.fetchone() is not None


def was_given_back(microscope: UUID) -> bool:
    """Whether nobody holds the lease, because it was released in order or never taken."""
    row = Lease.objects.filter(pk=microscope).values_list("state", "holder").first()
    return row is None or row == (LeaseState.FREE, None)
