"""What bridges do to a journal, each refused as its oracle says."""

from __future__ import annotations

from uuid import uuid4

from django.db import IntegrityError
from hypothesis import strategies as st
from hypothesis.stateful import rule

from smartscope.domain.errors import Conflict, IllegalTransition
from smartscope.operations.begin_step import begin_step
from smartscope.operations.complete_step import complete_step
from smartscope.operations.fail_step import fail_step
from smartscope.operations.issue_items import issue_items
from smartscope.operations.record_item import record_item
from smartscope.operations.recover_step import mark_unknown, recover_step
from tests.operations.contest import DEATHS, WHICH, Contest, M, OpenOne, S
from tests.operations.contested import image_of


class JournalActs(Contest):
    """Rules of the journal."""

    @rule(
        which=WHICH,
        kind=st.sampled_from(["expose", "expose", "expose", "square", "load_grid", "safe_state"]),
        aimed_at=WHICH,
        dies=DEATHS,
    )
    def begin(self, which: int, kind: str, aimed_at: int, dies: int | None) -> None:
        self._count()
        bridge = self._some(which)
        if bridge is None:
            return
        plan, possible = self.place.plan(kind, aimed_at)
        refusals: tuple[type[Exception], ...] = ()
        if not possible:
            refusals = (Conflict,)
        if self.open is not None:
            refusals = (Conflict, IntegrityError)
        began = self._try(
            bridge, lambda: begin_step(bridge.held, plan, now_s=self._tick()), dies, *refusals
        )
        if began:
            self.open = OpenOne(
                began[0].id,
                kind,
                self.epoch,
                S.INTENT,
                {item.name: M.PLANNED for item in plan.items},
                {item.name: item.hole for item in plan.items if item.hole is not None},
            )

    @rule(which=WHICH, many=st.integers(0, 3), dies=DEATHS)
    def issue(self, which: int, many: int, dies: int | None) -> None:
        """The next items, or one that was issued before."""
        self._count()
        bridge = self._some(which)
        if bridge is None or (step := self._any_step(which)) is None:
            return
        names = [name for name, state in step.items.items() if state is M.PLANNED][:many]
        again = not names and many > 0
        names = names or list(step.items)[:many]
        refusals = self._refusals(step)
        recovered_first = step.state is S.UNKNOWN or step.epoch != bridge.held.epoch
        if not refusals and recovered_first:
            refusals = (Conflict,)
        elif not refusals and any(self.issued[step.holes[n]] for n in names if n in step.holes):
            # either the item's ladder or the index on holes says so first
            refusals = (Conflict, IllegalTransition)
        elif not refusals and again and names:
            refusals = (IllegalTransition,)
        act = lambda: issue_items(  # noqa: E731
            bridge.held, step.id, names, command="record", now_s=self._tick()
        )
        if self._try(bridge, act, dies, *refusals):
            step.items |= dict.fromkeys(names, M.ISSUED)
            step.state = S.ISSUED
            self.issued.update(step.holes[name] for name in names if name in step.holes)

    @rule(which=WHICH, item=WHICH, dies=DEATHS)
    def record(self, which: int, item: int, dies: int | None) -> None:
        """A whole file has come; after a crash the successor adopts it."""
        self._count()
        bridge = self._some(which)
        step = self._any_step(which)
        if bridge is None or step is None or not step.items:
            return
        name = sorted(step.items)[item % len(step.items)]
        refusals = self._refusals(step)
        if not refusals and step.items[name] is not M.ISSUED:
            refusals = (IllegalTransition,)
        image = image_of(step.kind, f"{step.id}/{name}/{uuid4()}", self._tick())
        act = lambda: record_item(  # noqa: E731
            bridge.held, step.id, name, image, [], now_s=self.now_s
        )
        if self._try(bridge, act, dies, *refusals):
            step.items[name] = M.DONE

    @rule(which=WHICH, stopped=st.sampled_from(["", "stopped"]), dies=DEATHS)
    def complete(self, which: int, stopped: str, dies: int | None) -> None:
        self._count()
        bridge = self._some(which)
        if bridge is None or (step := self._any_step(which)) is None:
            return
        nothing_sent = bool(stopped) and step.state is S.INTENT
        act = lambda: complete_step(  # noqa: E731
            bridge.held, step.id, now_s=self._tick(), stopped=stopped
        )
        if self._try(bridge, act, dies, *self._refusals(step)):
            self._end(step, S.ABANDONED if nothing_sent else S.DONE)

    @rule(which=WHICH, error=st.sampled_from(["CommandRefused", "CameraFailed"]), dies=DEATHS)
    def fail(self, which: int, error: str, dies: int | None) -> None:
        self._count()
        bridge = self._some(which)
        if bridge is None or (step := self._any_step(which)) is None:
            return
        refusals = self._refusals(step)
        if not refusals and step.state is S.UNKNOWN:
            refusals = (IllegalTransition,)
        act = lambda: fail_step(  # noqa: E731
            bridge.held, step.id, error_classes=[error], message="told so", now_s=self._tick()
        )
        if self._try(bridge, act, dies, *refusals):
            self._end(step, S.FAILED)

    @rule(which=WHICH, dies=DEATHS)
    def no_answer_came(self, which: int, dies: int | None) -> None:
        self._count()
        bridge = self._some(which)
        if bridge is None or (step := self._any_step(which)) is None:
            return
        refusals = self._refusals(step)
        if not refusals and step.state is not S.ISSUED:
            refusals = (IllegalTransition,)
        act = lambda: mark_unknown(  # noqa: E731
            bridge.held, step.id, reason="no answer", now_s=self._tick()
        )
        if self._try(bridge, act, dies, *refusals):
            step.state = S.UNKNOWN

    @rule(which=WHICH, proved=st.booleans(), dies=DEATHS)
    def recover(self, which: int, proved: bool, dies: int | None) -> None:
        """What was issued and has no whole file is lost, and flagged."""
        self._count()
        bridge = self._some(which)
        if bridge is None or (step := self._any_step(which)) is None:
            return
        states = list(step.items.values())
        end = S.DONE
        if step.state is S.INTENT:
            end = S.ABANDONED
        elif M.ISSUED in states or not (M.DONE in states or proved):
            end = S.LOST
        refusals = self._refusals(step)
        if not refusals and end is S.LOST and step.state is S.ISSUED:
            refusals = (IllegalTransition,)
        act = lambda: recover_step(  # noqa: E731
            bridge.held, step.id, proved=proved, now_s=self._tick()
        )
        if self._try(bridge, act, dies, *refusals):
            self._end(step, end)

    @rule(spent_too=st.booleans())
    def everything_is_queued_again(self, spent_too: bool) -> None:
        """By people and, with `spent_too`, by a mistake: holes that had their dose wait again."""
        self._count()
        if self.open is None:
            self.place.queue_again(set() if spent_too else set(self.issued))
