"""Whatever bridges do to one another and wherever they die: lease and journal keep their word."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from frontend.hints import pass_on
from smartscope.domain.errors import IllegalTransition
from smartscope.models import Step
from smartscope.operations import complete_step, fail_step, issue_items, recover_step
from smartscope.operations.lease import fence
from smartscope.operations.signals import event_committed
from tests.operations import lease_acts
from tests.operations.bridges_at_odds import BridgesAtOdds

pytestmark = pytest.mark.django_db(transaction=True)

#: acts in all, at least; ten thousand, of other seeds, by `make soak`
STEPS = int(os.environ.get("STATE_MACHINE_STEPS", "300"))
FIRST_SEED = int(os.environ.get("STATE_MACHINE_SEED", "1"))
#: a run of more steps goes on with seeds that no other run begins with
SEEDS_APART = 100_000
QUICK = settings(
    max_examples=6,
    stateful_step_count=50,
    deadline=None,
    report_multiple_bugs=False,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),
)
#: a mutant is found within so many seeds of six nights
ENOUGH_SEEDS = 10


@pytest.fixture(autouse=True)
def _no_hints() -> Iterator[None]:
    """Nobody listens here, and a hint would keep a thread."""
    event_committed.disconnect(dispatch_uid="frontend.hints")
    yield
    event_committed.connect(pass_on, dispatch_uid="frontend.hints")


def counting() -> type[BridgesAtOdds]:
    """The machine with a count of its own."""
    return type("Odds", (BridgesAtOdds,), {"made": 0})


def test_lease_and_journal_keep_their_word(
    record_property: Callable[[str, object], None],
) -> None:
    number, machine = FIRST_SEED, counting()
    try:
        while machine.made < STEPS:
            run_state_machine_as_test(seed(number)(machine), settings=QUICK)
            number += SEEDS_APART
    finally:
        record_property("made", machine.made)


def _anybody_writes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fence, "hold_fence", lambda held: None)


def _steps_open_again(patch: pytest.MonkeyPatch) -> None:
    for each in (complete_step, fail_step, issue_items, recover_step):
        patch.setattr(each, "lock_open_step", lambda held, step: _any_step(step))


def _any_step(step: UUID) -> Step:
    return Step.objects.select_related("run__session", "grid").get(pk=step)


def _whoever_asks_is_renewed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lease_acts, "renew_lease", lambda held, times, lock: None)


@pytest.mark.parametrize("mutant", [_anybody_writes, _steps_open_again, _whoever_asks_is_renewed])
def test_a_broken_promise_is_noticed(
    mutant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    with pytest.raises((AssertionError, IllegalTransition)):
        _live_through(range(ENOUGH_SEEDS))


def _live_through(seeds: range) -> None:
    for number in seeds:
        run_state_machine_as_test(seed(number)(counting()), settings=QUICK)
