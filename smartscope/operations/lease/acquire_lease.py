"""Take a microscope's lease: watch, end a frozen predecessor, lock, raise the epoch.

Nobody is robbed: a lease that moves while we watch it is left alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from smartscope.domain.actor import BRIDGE
from smartscope.domain.errors import SmartscopeError
from smartscope.models import Lease, LeaseState
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.lease.held import Held, LeaseTimes, boot_time_s, lock_key


class LeaseRefused(SmartscopeError):
    """The lease may not be taken: it is quarantined or in maintenance until a person clears it."""


@dataclass(frozen=True, slots=True)
class Acquired:
    """The holding, the connection that keeps its lock, and our clock when its expiry was set."""

    held: Held
    connection: BaseDatabaseWrapper
    taken_at_boot_s: float


@dataclass(frozen=True, slots=True)
class _Watched:
    epoch: int
    beat: int
    holder: UUID | None
    state: str
    expired: bool
    backend_pid: int | None
    backend_start: datetime | None

    @property
    def mark(self) -> tuple[int, int]:
        return self.epoch, self.beat


def acquire_lease(
    microscope: UUID,
    times: LeaseTimes,
    *,
    clock: Callable[[], float] = boot_time_s,
    sleep: Callable[[float], None] = time.sleep,
) -> Acquired | None:
    """Take the lease when it is free or its holder is dead; None when somebody lives or was faster.

    Raises LeaseRefused when a person has to clear it first.
    """
    Lease.objects.get_or_create(microscope_id=microscope)
    watched = _watch(microscope, times, clock, sleep)
    if watched is None:
        return None
    _end_predecessor(watched)
    lock = connection.copy()
    lock.inc_thread_sharing()
    kept = False
    try:
        prepare_lock_connection(lock, times)
        if not _lock(lock, microscope):
            return None
        taken_at_boot_s = clock()
        held = _take(microscope, watched, lock, times)
        kept = held is not None
        return None if held is None else Acquired(held, lock, taken_at_boot_s)
    finally:
        if not kept:
            lock.close()


def prepare_lock_connection(lock: BaseDatabaseWrapper, times: LeaseTimes) -> None:
    """A half-open connection is noticed by the server too, so that the lock does not outlive us."""
    with lock.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, false),"
            " set_config('lock_timeout', %s, false),"
            " set_config('tcp_keepalives_idle', '5', false),"
            " set_config('tcp_keepalives_interval', '5', false),"
            " set_config('tcp_keepalives_count', '2', false),"
            " set_config('tcp_user_timeout', '10000', false)",
            [str(times.statement_timeout_ms)] * 2,
        )


def _watch(
    microscope: UUID,
    times: LeaseTimes,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> _Watched | None:
    """What was seen, when the lease has no living holder; a jumping clock cannot steal it."""
    first = seen = _look(microscope)
    _refuse_closed(first)
    if first.holder is None:
        return first
    began_s = clock()
    while clock() - began_s < times.ttl_s:
        sleep(times.ttl_s / 10)
        seen = _look(microscope)
        _refuse_closed(seen)
        if seen.mark != first.mark:
            return None
    return seen if seen.expired else None


def _look(microscope: UUID) -> _Watched:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT epoch, beat, holder, state, coalesce(expires_at < clock_timestamp(), true),"
            " backend_pid, backend_start FROM smartscope_lease WHERE microscope_id = %s",
            [microscope],
        )
        row = cursor.fetchone()
    return _Watched(*row)


def _refuse_closed(watched: _Watched) -> None:
    if watched.state not in (LeaseState.FREE, LeaseState.HELD):
        raise LeaseRefused(
            f"The lease is in {watched.state}: look at the instrument, then clear it. "
            "Nothing was sent to the microscope."
        )


def _end_predecessor(watched: _Watched) -> None:
    """A frozen holder would keep its advisory lock; a recycled pid is not its backend."""
    if watched.backend_pid is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
            " WHERE pid = %s AND backend_start = %s",
            [watched.backend_pid, watched.backend_start],
        )


def _lock(lock: BaseDatabaseWrapper, microscope: UUID) -> bool:
    with lock.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock_key(microscope)])
        return bool(cursor.fetchone()[0])


def _take(
    microscope: UUID, watched: _Watched, lock: BaseDatabaseWrapper, times: LeaseTimes
) -> Held | None:
    """Raise the epoch, if nothing moved since we watched."""
    with lock.cursor() as cursor:
        cursor.execute(
            "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        )
        backend_pid, backend_start = cursor.fetchone()
    held = Held(microscope, watched.epoch + 1, uuid4())
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        event = Told(subjects=[microscope], after={"epoch": held.epoch}, epoch=held.epoch)
        record_event("lease.acquired", BRIDGE, Scope(microscope=microscope), event)
        cursor.execute(
            "UPDATE smartscope_lease SET epoch = %s, holder = %s, beat = 0, state = 'held',"
            " backend_pid = %s, backend_start = %s,"
            " expires_at = clock_timestamp() + make_interval(secs => %s)"
            " WHERE microscope_id = %s AND epoch = %s AND beat = %s AND state IN ('free', 'held')",
            [
                *(held.epoch, held.holder, backend_pid, backend_start, times.ttl_s),
                *(microscope, watched.epoch, watched.beat),
            ],
        )
        if cursor.rowcount == 1:
            return held
        transaction.set_rollback(True)
    return None
