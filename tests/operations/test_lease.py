"""The lease against real PostgreSQL: nobody is robbed, nobody stale writes or commands."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from frontend.hints import pass_on
from smartscope.domain.actor import SETUP
from smartscope.domain.errors import LeaseLost
from smartscope.models import Event, Lease, Microscope
from smartscope.operations.lease.acquire_lease import Acquired, LeaseRefused, acquire_lease
from smartscope.operations.lease.clear_lease import clear_lease
from smartscope.operations.lease.fence import fenced
from smartscope.operations.lease.held import Held, LeaseTimes
from smartscope.operations.lease.release_lease import quarantine_lease, release_lease
from smartscope.operations.lease.renew_lease import renew_lease
from smartscope.operations.signals import event_committed
from smartscope.queries.lease import lease_stands

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = LeaseTimes(60.0)


@pytest.fixture(autouse=True)
def _no_hints() -> Iterator[None]:
    """Nobody listens here, and a hint would keep a thread."""
    event_committed.disconnect(dispatch_uid="frontend.hints")
    yield
    event_committed.connect(pass_on, dispatch_uid="frontend.hints")


@pytest.fixture
def microscope() -> Microscope:
    return Microscope.objects.create(name="column")


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    """Lock connections of the test, closed at its end as a dying process would."""
    with ExitStack() as stack:
        yield stack


def take(microscope: Microscope, closing: ExitStack) -> Acquired | None:
    """One try, in which a minute passes without anybody sleeping."""
    clock = itertools.count(0.0, TIMES.ttl_s / 3)
    acquired = acquire_lease(microscope.pk, TIMES, clock=lambda: next(clock), sleep=lambda _: None)
    if acquired is not None:
        closing.callback(acquired.connection.close)
    return acquired


def must_take(microscope: Microscope, closing: ExitStack) -> Acquired:
    acquired = take(microscope, closing)
    assert acquired is not None
    return acquired


def run_out(microscope: Microscope) -> None:
    Lease.objects.filter(pk=microscope.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def stands(held: Held) -> bool:
    return lease_stands(
        held.microscope, epoch=held.epoch, holder=held.holder, lock_key=held.lock_key
    )


@fenced
def write_something(held: Held) -> None:
    Microscope.objects.filter(pk=held.microscope).update(location="written")


def test_a_lease_never_held_is_taken_at_once_with_an_event(
    microscope: Microscope, closing: ExitStack
) -> None:
    acquired = must_take(microscope, closing)
    assert acquired.held.epoch == 1
    assert stands(acquired.held)
    assert Event.objects.get().kind == "lease.acquired"


def test_a_living_lease_is_left_alone(microscope: Microscope, closing: ExitStack) -> None:
    first = must_take(microscope, closing)
    assert take(microscope, closing) is None
    assert stands(first.held)


def test_a_lease_that_moves_while_it_is_watched_is_left_alone(
    microscope: Microscope, closing: ExitStack
) -> None:
    first = must_take(microscope, closing)

    def beat_and_look_expired(_: float) -> None:
        """As when the server's clock jumps an hour ahead: alive, though its time seems over."""
        Lease.objects.update(expires_at=timezone.now() + timedelta(seconds=60))
        renew_lease(first.held, TIMES, first.connection)
        run_out(microscope)

    clock = itertools.count(0.0, TIMES.ttl_s / 3)
    run_out(microscope)
    taken = acquire_lease(
        microscope.pk, TIMES, clock=lambda: next(clock), sleep=beat_and_look_expired
    )
    assert taken is None
    assert Lease.objects.get().epoch == first.held.epoch


def test_a_frozen_holder_is_ended_and_can_neither_renew_nor_write(
    microscope: Microscope, closing: ExitStack
) -> None:
    frozen = must_take(microscope, closing)
    run_out(microscope)
    successor = must_take(microscope, closing)
    assert successor.held.epoch == frozen.held.epoch + 1
    assert not stands(frozen.held)
    assert not frozen.connection.is_usable()
    with pytest.raises(LeaseLost):
        renew_lease(frozen.held, TIMES, successor.connection)
    with pytest.raises(LeaseLost):
        write_something(frozen.held)
    assert Microscope.objects.get().location == ""
    write_something(successor.held)
    assert Microscope.objects.get().location == "written"


def test_a_holder_whose_lock_connection_broke_may_not_command(
    microscope: Microscope, closing: ExitStack
) -> None:
    acquired = must_take(microscope, closing)
    pid = Lease.objects.get().backend_pid
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 2000)", [pid])
    assert not stands(acquired.held)


def test_an_expired_lease_writes_nothing_even_before_a_successor_comes(
    microscope: Microscope, closing: ExitStack
) -> None:
    acquired = must_take(microscope, closing)
    run_out(microscope)
    with pytest.raises(LeaseLost):
        write_something(acquired.held)
    with pytest.raises(LeaseLost):
        renew_lease(acquired.held, TIMES, acquired.connection)
    assert not stands(acquired.held)


def test_renewal_moves_the_beat_and_the_expiry(microscope: Microscope, closing: ExitStack) -> None:
    acquired = must_take(microscope, closing)
    before = Lease.objects.get()
    renew_lease(acquired.held, TIMES, acquired.connection)
    after = Lease.objects.get()
    assert after.beat == before.beat + 1
    assert after.expires_at is not None
    assert before.expires_at is not None
    assert after.expires_at > before.expires_at


def test_a_released_lease_is_free_at_once(microscope: Microscope, closing: ExitStack) -> None:
    first = must_take(microscope, closing)
    release_lease(first.held)
    first.connection.close()
    clock = itertools.count(0.0, 0.0)
    second = acquire_lease(microscope.pk, TIMES, clock=lambda: next(clock), sleep=_no_sleep)
    assert second is not None
    closing.callback(second.connection.close)
    assert second.held.epoch == 2


def _no_sleep(seconds: float) -> None:
    raise AssertionError("a free lease is not watched")


def test_a_quarantined_lease_waits_for_a_person(microscope: Microscope, closing: ExitStack) -> None:
    first = must_take(microscope, closing)
    quarantine_lease(first.held, "the grid is somewhere")
    first.connection.close()
    with pytest.raises(LeaseRefused):
        take(microscope, closing)
    clear_lease(microscope.pk, SETUP, reason="looked at it")
    assert must_take(microscope, closing).held.epoch == 2


def test_clearing_locks_the_counter_before_the_lease_as_everybody_does(
    microscope: Microscope, closing: ExitStack
) -> None:
    first = must_take(microscope, closing)
    quarantine_lease(first.held, "the grid is somewhere")
    first.connection.close()
    other = connection.copy()
    closing.callback(other.close)
    other.set_autocommit(False)
    with other.cursor() as cursor:
        # a bridge that has its event written and now comes to its fence
        cursor.execute("UPDATE smartscope_eventcounter SET seq = seq WHERE id = 1")
        clearing = threading.Thread(target=_clear, args=(microscope,))
        clearing.start()
        _await_waiting_backend()
        cursor.execute(
            "SELECT 1 FROM smartscope_lease WHERE microscope_id = %s FOR UPDATE NOWAIT",
            [microscope.pk],
        )
    other.rollback()
    clearing.join(timeout=5.0)
    assert Lease.objects.get().state == "free"


def _clear(microscope: Microscope) -> None:
    try:
        clear_lease(microscope.pk, SETUP, reason="looked at it")
    finally:
        connection.close()


def _await_waiting_backend() -> None:
    """Until somebody waits for a row of ours."""
    until_s = time.monotonic() + 5.0
    while time.monotonic() < until_s:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_two_bridges_are_kept_apart_by_the_lock_even_if_the_row_says_free(
    microscope: Microscope, closing: ExitStack
) -> None:
    must_take(microscope, closing)
    Lease.objects.update(holder=None, backend_pid=None)
    assert take(microscope, closing) is None
