"""Trouble over the socket, a sample of what `benchmarks.faults` lives through: deaths in each
protocol, random faults of each family, rival clients, and commands that never answer.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from smartscope.models import Alarm, Event, Run
from tests.invariants.dose import lost_items
from tests.workers.bridge.campaigns import PLACES
from tests.workers.bridge.deaths import dealt, die_at_each, drive_cleanly
from tests.workers.bridge.fault_table import FAMILIES, schedule
from tests.workers.bridge.invariants import none_of
from tests.workers.bridge.rivals import intruder
from tests.workers.bridge.served_house import served_house
from tests.workers.bridge.supervised import HASTY, Supervised, hasty_clients

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

FAULTS = 4
#: a hung command is noticed at the latest so long after its deadline
NOTICED_WITHIN_S = 5.0
#: dealt as `benchmarks.faults` deals them; all eight are lived through there
CAMPAIGN_OF = {"screening": 1, "collection": 3, "tilted": 6}
#: in-process sessions have a first autofocus that fails
ONLY_IN_PROCESS = {"expose:before_fail", "expose:failed"}
#: earlier deaths may leave nothing to do there; `benchmarks.faults` visits such places alone
UNREACHED = 3


def test_the_campaigns_leave_no_place_out(tmp_path: Path) -> None:
    with served_house(tmp_path, "tilted") as served:
        places = drive_cleanly(served)
        none_of(served.violations())
    assert sorted(place for hand in dealt(places) for place in hand) == sorted(places)
    assert set(PLACES) - set(places) <= ONLY_IN_PROCESS


@pytest.mark.parametrize("protocol", list(CAMPAIGN_OF))
def test_a_bridge_may_die_anywhere_in_every_protocol(tmp_path: Path, protocol: str) -> None:
    passed = ["command:connect", *(place for place in PLACES if place not in ONLY_IN_PROCESS)]
    places = dealt(passed)[CAMPAIGN_OF[protocol]]
    with served_house(tmp_path, protocol) as served:
        died = die_at_each(served, places)
        none_of(served.violations())
    assert len(died) >= len(places) - UNREACHED, f"lived on at {set(places) - set(died)}"
    assert lost_items() <= len(died)
    assert Run.objects.get().state == "done"


@pytest.mark.parametrize("seed", range(len(FAMILIES)), ids=lambda seed: FAMILIES[seed])
def test_random_faults_are_got_over_or_asked_about(tmp_path: Path, seed: int) -> None:
    with served_house(tmp_path, version="4.3") as served, hasty_clients():
        served.plan(*schedule(seed, FAULTS))
        supervised = Supervised(served)
        assert supervised.live_to_the_end() == "done"
        none_of(served.violations(people_speak_in_commands=True))
        assert supervised.unexplained(served.evidence()) == []
        assert supervised.killed_by_keeper == []


@pytest.mark.parametrize(
    ("places", "asked"),
    [
        (["expose:issued:h0001"], 0),
        (["command:load"], 0),
        (["command:move_to", "command:image", "command:autofocus"], 1),
    ],
    ids=["in an exposure", "in a loading", "three times"],
)
def test_another_client_takes_our_place_and_the_third_time_a_person_is_asked(
    tmp_path: Path, places: list[str], asked: int
) -> None:
    with (
        served_house(tmp_path, version="4.3") as served,
        hasty_clients(),
        intruder(served, places) as rival,
    ):
        supervised = Supervised(served)
        assert supervised.live_to_the_end() == "done"
        none_of(served.violations(people_speak_in_commands=True))
    assert len(rival.sockets) == len(places)
    assert len(supervised.stops) == asked
    assert Alarm.objects.filter(key="link.lost").count() == asked


def test_who_waited_for_a_slow_answer_that_never_came_was_there(tmp_path: Path) -> None:
    """A link lost after a long command is no night in which nobody drove."""
    slow = {"kind": "slow_camera", "command": "Record", "parameters": {"for_s": 2_400.0}}
    lost = {"kind": "connection_lost", "phase": "after", "command": "Record"}
    with served_house(tmp_path, version="4.3") as served, hasty_clients():
        served.plan({**slow, "nth": 1}, {**lost, "nth": 1})
        supervised = Supervised(served)
        assert supervised.live_to_the_end() == "done"
        struck = [kind for sent in served.evidence().sent for kind in sent.faults]
        none_of(served.violations(people_speak_in_commands=True))
    assert sorted(struck) == ["connection_lost", "slow_camera"]
    assert supervised.stops == []


def test_a_command_that_never_answers_is_noticed_in_time_and_never_repeated(
    tmp_path: Path,
) -> None:
    hung = {"kind": "no_reply", "phase": "after", "command": "LoadCartridge", "nth": 1}
    with served_house(tmp_path, version="4.3") as served, hasty_clients():
        served.plan(hung)
        supervised = Supervised(served)
        assert supervised.live_to_the_end() == "done"
        sent = [sent.name for sent in served.evidence().sent]
        none_of(served.violations(people_speak_in_commands=True))
    assert sent.count("LoadCartridge") == 1
    issued = Event.objects.filter(kind="step.issued").earliest("seq").time
    raised = Alarm.objects.get(key="command.timeout").created_at
    assert raised - issued <= timedelta(seconds=HASTY.exchange_s + NOTICED_WITHIN_S)
