"""Whatever is killed, paused, skipped, queued again or relabelled: the promises hold."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from smartscope.domain.errors import IllegalTransition
from smartscope.domain.safekeeping import IDLE_S
from smartscope.domain.snapshot import Wish
from smartscope.domain.status import GRID_ENDS, TargetStatus
from smartscope.domain.steps import Cause, Finished, MakeSafe, Wait
from smartscope.domain.suspenders import Signal
from tests.domain.mutants import MUTANTS
from tests.domain.night import WAIT_S, Night, Rules
from tests.domain.rows import cassette

T = TargetStatus
ENOUGH_TURNS = 400
PASSING = (Signal.VACUUM, Signal.REFILL, Signal.DISK_FULL, Signal.PUMP)


class AnyNight(RuleBasedStateMachine):
    """People and accidents do what they like to a night; `under_test` is what is tried."""

    under_test = Rules()

    @initialize(
        grids=st.integers(1, 2),
        squares=st.integers(1, 2),
        groups=st.integers(1, 2),
        members=st.integers(1, 3),
    )
    def load(self, grids: int, squares: int, groups: int, members: int) -> None:
        self.night = Night(cassette(grids, squares, groups, members), self.under_test)

    @rule(turns=st.integers(1, 5), finders_keep_up=st.booleans())
    def work(self, turns: int, finders_keep_up: bool) -> None:
        for _ in range(turns):
            if finders_keep_up:
                self.night.find()
            self._turn(None)

    @rule(turns=st.integers(0, 4), kill_at=st.integers(0, 12))
    def work_and_die(self, turns: int, kill_at: int) -> None:
        for _ in range(turns):
            self.night.find()
            self._turn(None)
        self._turn(kill_at)

    @rule()
    def findings_arrive(self) -> None:
        self.night.find()

    @rule()
    def pause(self) -> None:
        if self.night.wish is Wish.RUN:
            self.night.wish = Wish.PAUSE

    @rule()
    def resume(self) -> None:
        if self.night.wish is Wish.PAUSE:
            self.night.wish, self.night.paused_because = Wish.RUN, ""

    @rule(what=st.sampled_from(["all is well", "valves stick", *PASSING]), turns=st.integers(1, 6))
    def stand_still(self, what: str | Signal, turns: int) -> None:
        """Up to half an hour in which nobody finds or decides anything, and something is wrong."""
        if what == "valves stick":
            self.night.world.stuck = 2
        elif isinstance(what, Signal):
            self.night.bad.add(what)
        else:
            self.night.bad.clear()
        for _ in range(turns):
            self._turn(None)

    @rule(which=st.integers(0, 30), to=st.sampled_from([T.SKIPPED, T.REJECTED, T.FOUND, T.QUEUED]))
    def relabel_hole(self, which: int, to: TargetStatus) -> None:
        """A person's word on a hole counts unless the beam may have touched it."""
        holes = list(self.night.holes())
        if not holes:
            return
        hole = holes[which % len(holes)]
        if hole.status in (T.FOUND, T.QUEUED, T.SKIPPED, T.REJECTED) and hole.status is not to:
            if hole.status in (T.SKIPPED, T.REJECTED) and to in (T.SKIPPED, T.REJECTED):
                return
            hole.move(to)

    @rule(which=st.integers(0, 10))
    def skip_square(self, which: int) -> None:
        squares = [square for grid in self.night.grids for square in grid.squares]
        if squares and (square := squares[which % len(squares)]).status in (T.QUEUED, T.ANALYSED):
            square.move(T.SKIPPED)

    @rule(which=st.integers(0, 10))
    def queue_square_again(self, which: int) -> None:
        squares = [square for grid in self.night.grids for square in grid.squares]
        if squares and (square := squares[which % len(squares)]).status is T.SKIPPED:
            square.move(T.ANALYSED if square.groups else T.QUEUED)

    def _turn(self, kill_at: int | None) -> None:
        """One turn of the bridge; while paused it may recover and close, and exposes nothing."""
        paused = self.night.wish is Wish.PAUSE
        commands = self.night.world.commands
        self.night.turn(kill_at)
        if paused:
            assert self.night.world.commands == commands, "something moved while paused"

    @invariant()
    def no_hole_is_exposed_twice(self) -> None:
        if hasattr(self, "night"):
            doubled = [hole for hole, n in Counter(self.night.world.exposed).items() if n > 1]
            assert not doubled, f"exposed twice: {doubled}"

    @invariant()
    def valves_are_not_open_over_an_idle_column(self) -> None:
        if hasattr(self, "night") and self.night.stillness.failed_closings == 0:
            since_s = self.night.stillness.quiet_since_s
            idle_s = 0.0 if since_s is None else self.night.now_s - since_s
            # noticed at the turn after
            assert not self.night.world.valves_open or idle_s <= IDLE_S + 2 * WAIT_S

    @invariant()
    def who_has_nothing_to_do_holds_nothing(self) -> None:
        if hasattr(self, "night") and self.night.wish is Wish.PAUSE:
            since_s = self.night.stillness.quiet_since_s
            idle_s = 0.0 if since_s is None else self.night.now_s - since_s
            closed = not self.night.world.valves_open
            waits = isinstance(self.night.last, Wait) and self.night.last.cause is Cause.PAUSE
            if closed and waits and idle_s > IDLE_S + 2 * WAIT_S:
                assert not self.night.held, "control was kept for nothing"

    @invariant()
    def no_more_is_lost_than_was_killed(self) -> None:
        if hasattr(self, "night"):
            assert self.night.lost <= self.night.kills

    def _left_alone(self) -> Finished | None:
        self.night.wish, self.night.finished = Wish.RUN, None
        self.night.bad.clear()
        self.night.world.stuck = 0
        return self.night.run_to_the_end(ENOUGH_TURNS)

    def teardown(self) -> None:
        """Left alone, the night ends by itself, with every grid ended and the valves closed."""
        if not hasattr(self, "night"):
            return
        assert self._left_alone() is not None, f"still at {self.night.last}"
        assert all(grid.status in GRID_ENDS for grid in self.night.grids)
        assert not self.night.world.valves_open
        self.no_hole_is_exposed_twice()
        self.no_more_is_lost_than_was_killed()
        waiting = [hole for hole in self.night.holes() if hole.status is T.IMAGING]
        assert not waiting, "a hole was left in the beam's hands"


QUICK = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    report_multiple_bugs=False,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)


def test_the_promises_hold_whatever_happens() -> None:
    run_state_machine_as_test(AnyNight, settings=QUICK)


def test_an_undisturbed_night_exposes_every_queued_hole_once() -> None:
    night = Night(cassette(grids=2, squares=2, groups=2, members=3), Rules())
    while night.finished is None:
        night.find()
        night.turn()
    assert sorted(night.world.exposed) == sorted(hole.id for hole in night.holes())
    assert (night.lost, night.finished.aborted) == (0, False)


def test_a_slow_finder_changes_what_is_waited_for_and_not_what_is_exposed() -> None:
    quick, slow = (Night(cassette(2, 2, 2, 2), Rules()) for _ in range(2))
    for night, turns_per_finding in ((quick, 1), (slow, 7)):
        turn = 0
        while night.finished is None:
            turn += 1
            if turn % turns_per_finding == 0:
                night.find()
            night.turn()
    assert set(quick.world.exposed) == set(slow.world.exposed)


def test_the_next_square_is_imaged_while_holes_are_found_in_the_last_one() -> None:
    night = Night(cassette(grids=1, squares=3, groups=1, members=1), Rules())
    while not night.grids[0].atlas or night.open:
        night.turn()
    night.find()
    for _ in range(2):
        night.turn()
    imaged = [square.status for square in night.grids[0].squares]
    assert imaged == [T.IMAGED, T.IMAGED, T.QUEUED]


def test_stop_closes_the_valves_and_ends_the_run() -> None:
    night = Night(cassette(1, 1, 1, 1), Rules())
    while not night.world.valves_open:
        night.turn()
    night.wish = Wish.STOP
    night.turn()
    assert isinstance(night.last, MakeSafe)
    night.turn()
    assert night.finished is not None
    assert night.finished.aborted
    assert not night.world.valves_open


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught(name: str) -> None:
    machine = type("MutantNight", (AnyNight,), {"under_test": MUTANTS[name]})
    with pytest.raises((AssertionError, IllegalTransition)):
        # most are caught within 200; which examples come depends on the modules that are loaded
        run_state_machine_as_test(machine, settings=settings(QUICK, max_examples=5000))
