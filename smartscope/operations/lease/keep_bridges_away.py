"""Hold a microscope's advisory lock without driving it: meanwhile no bridge begins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection

from smartscope.operations.lease.acquire_lease import prepare_lock_connection
from smartscope.operations.lease.held import lease_times, lock_key


@contextmanager
def bridges_kept_away(microscope: UUID) -> Iterator[bool]:
    """Inside, True: whoever wants the lease waits. False: somebody has the lock and drives.

    The lease's row is not touched, its epoch does not grow; the lock ends with its connection.
    """
    lock = connection.copy()
    try:
        prepare_lock_connection(lock, lease_times())
        with lock.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock_key(microscope)])
            alone = bool(cursor.fetchone()[0])
        yield alone
    finally:
        lock.close()
