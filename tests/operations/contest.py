"""Bridges that contend for a microscope: what must hold of rows and lease, how an act is tried.

What is refused, or dies between two statements, must have changed no row at all.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from smartscope.domain.errors import Conflict, LeaseLost
from smartscope.domain.status import ItemState, StepState
from smartscope.models import Event, Lease, LeaseState, Step, StepItem
from smartscope.operations.lease.held import Held, LeaseTimes
from smartscope.queries.lease import lease_stands
from tests.invariants import events, journal
from tests.operations.contested import Contested, contested

#: nobody waits: time passes only when a rule says so
TIMES = LeaseTimes(3_600.0)
S, M = StepState, ItemState
#: an expose has the most statements, about forty
DEATHS = st.none() | st.integers(0, 40)
WHICH = st.integers(0, 7)


class Death(BaseException):
    """The process ends between two statements: no handler of the service sees it."""


@dataclass(slots=True, eq=False)
class Bridge:
    """One process's holding; `locked` while the connection that keeps its lock lives."""

    held: Held
    connection: BaseDatabaseWrapper
    locked: bool = True

    def lose_lock(self) -> None:
        """Its connection has ended, at the server too, which takes a moment to notice."""
        if self.locked:
            with self.connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                (pid,) = cursor.fetchone()
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        self.connection.close()
        self.locked = False


@dataclass(slots=True)
class OpenOne:
    """The open step as it must be."""

    id: UUID
    kind: str
    epoch: int
    state: StepState
    items: dict[str, ItemState]
    holes: dict[str, UUID] = field(default_factory=dict)


class Contest(RuleBasedStateMachine):
    """What every act needs; `made` counts the acts, over all examples."""

    made: ClassVar[int] = 0

    @initialize(groups=st.integers(1, 3))
    def set_up(self, groups: int) -> None:
        self.place: Contested = contested(groups)
        self.bridges: list[Bridge] = []
        self.connections: list[BaseDatabaseWrapper] = []
        self.holder: Bridge | None = None
        self.state, self.expired, self.epoch = LeaseState.FREE, False, 0
        self.open: OpenOne | None = None
        self.closed: dict[UUID, str] = {}
        self.issued: Counter[UUID] = Counter()
        self.now_s = 1_000.0

    @invariant()
    def one_step_is_open_at_most_and_it_is_ours(self) -> None:
        rows = Step.objects.filter(microscope=self.place.microscope)
        states = dict(rows.values_list("pk", "state"))
        expected = dict(self.closed)
        if self.open is not None:
            expected[self.open.id] = self.open.state
            items = dict(StepItem.objects.filter(step=self.open.id).values_list("name", "state"))
            assert items == self.open.items
        assert states == expected

    @invariant()
    def no_hole_is_exposed_twice(self) -> None:
        assert all(count == 1 for count in self.issued.values()), self.issued

    @invariant()
    def exactly_the_holder_may_command(self) -> None:
        standing = [bridge for bridge in self.bridges if self._stands(bridge)]
        holder = self.holder
        expected = [holder] if holder and self._holds(holder) and holder.locked else []
        assert standing == expected

    @invariant()
    def the_epoch_counts_the_holders(self) -> None:
        if self.epoch:
            lease = Lease.objects.get(pk=self.place.microscope.pk)
            assert (lease.epoch, lease.state) == (self.epoch, self.state)

    def teardown(self) -> None:
        """The whole log once: gapless, one event for each change, nothing closed came back."""
        for each in getattr(self, "connections", []):
            each.close()
        try:
            found = [
                *events.one_event_each(),
                *journal.open_steps(),
                *journal.reopened(people_speak_in_commands=False),
            ]
            assert found == []
        finally:
            with connection.cursor() as cursor:
                cursor.execute(
                    "TRUNCATE smartscope_microscope, smartscope_event, smartscope_eventcounter,"
                    " auth_group CASCADE"
                )

    def _try(
        self,
        bridge: Bridge,
        act: Callable[[], Any],
        dies: int | None,
        *refusals: type[Exception],
    ) -> tuple[Any] | None:
        """The act's answer, in a tuple; None when it was rightly refused or its process died.

        Raises AssertionError when a row changed all the same, or what had to be refused was not.
        """
        if not self._holds(bridge):
            refusals = (*refusals, LeaseLost)
        before = self._rows()
        try:
            with nullcontext() if dies is None else _death_after(dies):
                answer = act()
        except Death:
            assert self._rows() == before, "half an act survived its process"
            return None
        except refusals:
            assert self._rows() == before, "something refused left its mark"
            return None
        assert not refusals, f"not refused, though {[each.__name__ for each in refusals]} was due"
        return (answer,)

    def _refused(self, act: Callable[[], object], refusal: type[Exception]) -> None:
        before = self._rows()
        try:
            act()
        except refusal:
            assert self._rows() == before
        else:
            raise AssertionError(f"{refusal.__name__} was due")

    def _refusals(self, step: OpenOne) -> tuple[type[Exception], ...]:
        return (Conflict,) if step is not self.open else ()

    def _end(self, step: OpenOne, state: StepState) -> None:
        self.closed[step.id] = state
        self.open = None
        left = StepItem.objects.filter(step=step.id, state__in=(M.PLANNED, M.ISSUED))
        assert not left.exists(), "a closed step has an item that waits"

    def _any_step(self, which: int) -> OpenOne | None:
        """The open step; now and then one that has ended, which nobody may touch again."""
        if self.closed and (which == 0 or self.open is None):
            pk = list(self.closed)[which % len(self.closed)]
            row = Step.objects.get(pk=pk)
            items = dict(row.items.values_list("name", "state"))
            return OpenOne(
                pk, row.kind, row.epoch, S(row.state), {n: M(s) for n, s in items.items()}
            )
        return self.open

    def _some(self, which: int) -> Bridge | None:
        """Mostly the holder, else whoever has been one."""
        if self.holder is not None and which > 1:
            return self.holder
        return self.bridges[which % len(self.bridges)] if self.bridges else None

    def _holds(self, bridge: Bridge) -> bool:
        return self.holder is bridge and not self.expired

    def _stands(self, bridge: Bridge) -> bool:
        held = bridge.held
        return lease_stands(
            held.microscope, epoch=held.epoch, holder=held.holder, lock_key=held.lock_key
        )

    def _rows(self) -> list[object]:
        last = Event.objects.order_by("-seq").values_list("seq", flat=True).first()
        lease = list(Lease.objects.filter(pk=self.place.microscope.pk).values_list())
        return [last, lease, *self.place.rows()]

    def _tick(self) -> float:
        self.now_s += 1.0
        return self.now_s

    def _count(self) -> None:
        type(self).made += 1


@contextmanager
def _death_after(statements: int) -> Iterator[None]:
    """The process dies when it is about to send its next statement after so many."""
    count = itertools.count()

    def send(
        execute: Callable[..., Any], sql: str, params: Sequence[Any], many: bool, context: Any
    ) -> Any:
        if next(count) >= statements:
            raise Death
        return execute(sql, params, many, context)

    with connection.execute_wrapper(send):
        yield
