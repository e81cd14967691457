"""What bridges, time and people do to a lease."""

from __future__ import annotations

import itertools
import threading
from datetime import timedelta
from functools import partial

from django.db import DatabaseError, connection
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import rule

from smartscope.domain.actor import SETUP
from smartscope.domain.errors import Conflict, LeaseLost
from smartscope.models import Lease, LeaseState
from smartscope.operations.lease.acquire_lease import Acquired, LeaseRefused, acquire_lease
from smartscope.operations.lease.clear_lease import clear_lease
from smartscope.operations.lease.release_lease import quarantine_lease, release_lease
from smartscope.operations.lease.renew_lease import renew_lease
from tests.operations.contest import TIMES, WHICH, Bridge, Contest


class LeaseActs(Contest):
    """Rules of the lease."""

    @rule(renews_meanwhile=st.booleans())
    def another_comes(self, renews_meanwhile: bool) -> None:
        """Nobody is robbed: only what is free, or dead for a whole watch, is taken."""
        self._count()
        if self.state == LeaseState.QUARANTINED:
            self._refused(self._acquire, LeaseRefused)
            return
        lives = self.holder is not None and not self.expired
        moves = lives and renews_meanwhile and self.holder is not None and self.holder.locked
        acquired = self._acquire(renewing=self.holder if moves else None)
        if lives:
            assert acquired is None, "a living holder was robbed"
            return
        assert acquired is not None, "nobody lives and yet it is not had"
        self._taken(acquired)

    @rule()
    def two_come_at_once(self) -> None:
        """Of two who both find it without a living holder one gets it."""
        self._count()
        if self.state == LeaseState.QUARANTINED or (self.holder is not None and not self.expired):
            return
        got: list[Acquired | None] = []
        both = [threading.Thread(target=self._acquire_apart, args=(got,)) for _ in range(2)]
        for each in both:
            each.start()
        for each in both:
            each.join()
        assert len(got) == len(both), "one of the two failed"
        winners = [each for each in got if each is not None]
        assert len(winners) == 1, f"{len(winners)} of two who came at once have the microscope"
        self._taken(winners[0])

    @rule()
    def time_passes(self) -> None:
        """Nobody renewed for too long."""
        self._count()
        if self.holder is not None:
            past = timezone.now() - timedelta(seconds=1)
            Lease.objects.filter(pk=self.place.microscope.pk).update(expires_at=past)
            self.expired = True

    @rule(which=WHICH)
    def a_lock_is_lost(self, which: int) -> None:
        """The connection that keeps the lock breaks; the row says nothing of it."""
        self._count()
        if (bridge := self._some(which)) is not None and bridge.locked:
            bridge.lose_lock()

    @rule(which=WHICH)
    def renew(self, which: int) -> None:
        self._count()
        bridge = self._some(which)
        if bridge is None or not bridge.locked:
            return
        before = self._rows()
        try:
            renew_lease(bridge.held, TIMES, bridge.connection)
        except (LeaseLost, DatabaseError):
            assert not self._holds(bridge), "the holder was not renewed"
            assert self._rows() == before
        else:
            assert self._holds(bridge), "a stale holder was renewed"

    @rule(which=WHICH, closing=st.booleans())
    def leave(self, which: int, closing: bool) -> None:
        """Give it back, or close it until a person has looked."""
        self._count()
        bridge = self._some(which)
        if bridge is None:
            return
        act = quarantine_lease if closing else release_lease
        if self._try(bridge, lambda: act(bridge.held, "leaves"), None):
            self.holder, self.expired = None, False
            self.state = LeaseState.QUARANTINED if closing else LeaseState.FREE
            bridge.lose_lock()

    @rule()
    def a_person_clears(self) -> None:
        self._count()
        clear = partial(clear_lease, self.place.microscope.pk, SETUP, reason="looked")
        if self.epoch == 0:
            return
        if self.state != LeaseState.QUARANTINED:
            self._refused(clear, Conflict)
            return
        clear()
        self.state = LeaseState.FREE

    def _acquire(self, renewing: Bridge | None = None) -> Acquired | None:
        """One try, in which a whole watch passes without anybody sleeping."""

        def sleep(_: float) -> None:
            if renewing is not None:
                renew_lease(renewing.held, TIMES, renewing.connection)

        clock = itertools.count(0.0, TIMES.ttl_s / 3)
        acquired = acquire_lease(
            self.place.microscope.pk, TIMES, clock=lambda: next(clock), sleep=sleep
        )
        if acquired is not None:
            self.connections.append(acquired.connection)
        return acquired

    def _acquire_apart(self, got: list[Acquired | None]) -> None:
        try:
            got.append(self._acquire())
        finally:
            connection.close()

    def _taken(self, acquired: Acquired) -> None:
        assert acquired.held.epoch == self.epoch + 1, "an epoch was left out or came twice"
        if self.holder is not None:
            self.holder.locked = False
        self.epoch = acquired.held.epoch
        self.holder = Bridge(acquired.held, acquired.connection)
        self.bridges.append(self.holder)
        self.state, self.expired = LeaseState.HELD, False
