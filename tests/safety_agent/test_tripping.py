"""When the agent closes the valves, when it must not, and what it leaves behind."""

from __future__ import annotations

import socket
import time

import pytest

from safety_agent.memory import Watch
from smartscope.models import Event, Lease, Microscope
from tests.safety_agent.conftest import Start, Valves, hold, renewed
from tests.safety_agent.rig import SILENCE_S, Pages
from tests.workers.alarms.sinks import web_sink

NOWHERE = "postgresql://nobody@127.0.0.1:1/none?connect_timeout=2"
EVERY_COMMAND = ["SetColumnOrGunValve", "ReportColumnOrGunValve", "Exit"]


def test_a_dead_bridge_is_noticed_and_the_valves_are_closed_and_proved_closed(
    start: Start, microscope: Microscope, valves: Valves
) -> None:
    hold(microscope, seconds=SILENCE_S / 4, epoch=7)
    with start() as rig:
        rig.epoch = 7
        rig.beat()
        began_s = time.monotonic()
        rig.until(lambda: not valves.open)
        # T5: the server is closed within 120 s when all else is cut off; here a hundredth
        assert SILENCE_S <= time.monotonic() - began_s < 2 * SILENCE_S
        rig.until(lambda: "valves closed" in rig.pages.titles)
        assert not rig.agent.memory.valves_owed
    assert valves.peer.commands == EVERY_COMMAND
    lease = Lease.objects.get()
    assert (lease.state, lease.epoch, lease.holder) == ("quarantined", 8, None)
    event = Event.objects.get(kind="lease.quarantined")
    assert (event.actor_name, event.epoch) == ("safety agent", 7)
    assert "no sign of the bridge" in event.reason


def test_cut_off_from_bridge_and_database_alike_it_closes(start: Start, valves: Valves) -> None:
    with start(database=NOWHERE) as rig:
        rig.beat()
        assert rig.until(lambda: not valves.open) < 2 * SILENCE_S
        assert rig.agent.memory.quarantine_owed


def test_a_lost_heartbeat_alone_trips_nothing(
    start: Start, microscope: Microscope, valves: Valves
) -> None:
    with renewed(microscope), start() as rig:
        rig.beat()
        rig.stays(Watch.ARMED, 3 * SILENCE_S)
    assert valves.open
    assert valves.peer.commands == []


def test_a_lease_that_nobody_renews_is_dead_whatever_the_clock_of_the_database_says(
    start: Start, microscope: Microscope, valves: Valves
) -> None:
    hold(microscope, seconds=3_600)  # its clock was set back by an hour
    with start() as rig:
        rig.beat()
        seconds = rig.until(lambda: not valves.open)
        assert SILENCE_S * 0.9 <= seconds < 2 * SILENCE_S
        rig.until(lambda: not rig.agent.memory.quarantine_owed)
    assert Lease.objects.get().state == "quarantined"


def test_a_dead_lease_trips_nothing_while_the_bridge_beats(
    start: Start, microscope: Microscope, valves: Valves
) -> None:
    hold(microscope, seconds=-1)
    with start() as rig:
        until_s = time.monotonic() + 2.5 * SILENCE_S
        while time.monotonic() < until_s:
            rig.beat()
            time.sleep(SILENCE_S / 6)
        assert rig.is_(Watch.ARMED)
    assert valves.open


def test_released_in_order_it_does_not_trip(
    start: Start, microscope: Microscope, valves: Valves
) -> None:
    with start() as rig:
        rig.beat()
        assert rig.line.release(epoch=1, counter=2) == "watching"
        rig.stays(Watch.WATCHING)
    assert valves.open


def test_when_the_word_of_the_release_is_lost_the_lease_says_it(
    start: Start, microscope: Microscope, valves: Valves
) -> None:
    with start() as rig:  # the lease is free
        rig.beat()
        rig.until(lambda: rig.is_(Watch.WATCHING))
        assert rig.agent.memory.why == "the lease was given back in order"
    assert valves.open


def test_what_was_never_armed_never_trips(start: Start, valves: Valves) -> None:
    with start(database=NOWHERE) as rig:
        rig.stays(Watch.WATCHING)
    assert valves.open


def test_an_instrument_that_does_not_answer_is_paged_and_tried_again(
    start: Start, valves: Valves
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute, web_sink() as phone:
        pages = Pages((f"json://127.0.0.1:{phone.port}/page",))
        with start(database=NOWHERE, instrument=mute.getsockname()[1], pages=pages) as rig:
            rig.beat()
            # T5: an instrument that hangs is paged within 120 s; here a hundredth
            paged_s = rig.until(lambda: "THE VALVES MAY BE OPEN" in rig.pages.titles)
            assert paged_s < 2 * SILENCE_S
            assert rig.agent.memory.valves_owed
            rig.until(lambda: len(phone.posts) == 2)
    assert "Close them by hand" in phone.posts[1][1]["message"]


def test_valves_that_do_not_obey_are_tried_until_they_do(start: Start, valves: Valves) -> None:
    valves.stuck = True
    with start(database=NOWHERE) as rig:
        rig.beat()
        rig.until(lambda: "THE VALVES MAY BE OPEN" in rig.pages.titles)
        valves.stuck = False
        rig.until(lambda: "valves closed" in rig.pages.titles)
    assert rig.pages.titles.count("THE VALVES MAY BE OPEN") == 1


def test_a_quarantine_that_could_not_be_written_is_written_when_the_database_is_back(
    start: Start, microscope: Microscope, valves: Valves, tmp_path: object
) -> None:
    with start(database=NOWHERE) as rig:
        rig.beat()
        rig.until(lambda: "valves closed" in rig.pages.titles)
    hold(microscope, seconds=-1)
    with start() as rig:
        rig.until(lambda: not rig.agent.memory.quarantine_owed)
        assert rig.is_(Watch.TRIPPED)
    assert (Lease.objects.get().state, Lease.objects.get().epoch) == ("quarantined", 2)


def test_a_successor_that_drives_meanwhile_keeps_its_lease_and_its_instrument(
    start: Start, microscope: Microscope, valves: Valves
) -> None:
    with start(database=NOWHERE, instrument=1) as rig:
        rig.beat()
        rig.until(lambda: "THE VALVES MAY BE OPEN" in rig.pages.titles)
    with renewed(microscope, epoch=2), start() as rig:
        rig.until(lambda: rig.is_(Watch.ARMED))
    assert valves.open
    assert Lease.objects.get().state == "held"


def test_a_later_epoch_arms_a_tripped_agent_and_the_same_one_does_not(
    start: Start, microscope: Microscope, valves: Valves
) -> None:
    hold(microscope, seconds=-1)
    with start() as rig:
        rig.beat()
        rig.until(lambda: "valves closed" in rig.pages.titles)
        rig.line.beat(epoch=1, counter=99)
        rig.stays(Watch.TRIPPED, SILENCE_S / 2)
        hold(microscope, seconds=60, epoch=3)
        rig.epoch = 3
        rig.beat()
        assert rig.is_(Watch.ARMED)


@pytest.mark.parametrize("lease_lives", [True, False])
def test_an_emergency_stop_trips_at_once_whoever_holds_the_lease(
    lease_lives: bool, start: Start, microscope: Microscope, valves: Valves
) -> None:
    hold(microscope, seconds=60 if lease_lives else -1)
    with start() as rig:
        rig.beat()
        began_s = time.monotonic()
        assert rig.line.stop("M. Ito") == "tripped"
        assert time.monotonic() - began_s < 1.0
        rig.until(lambda: not valves.open)
        assert time.monotonic() - began_s < 2.0
        rig.until(lambda: not rig.agent.memory.valves_owed)
    assert Lease.objects.get().state == "quarantined"
    assert Event.objects.get(kind="lease.quarantined").reason == "emergency stop by M. Ito"
