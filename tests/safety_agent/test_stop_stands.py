"""A stop that a person gave to the agent stands, whoever drives, until the database knows of it."""

from __future__ import annotations

from safety_agent.memory import Watch
from smartscope.models import Lease, Microscope
from tests.safety_agent.conftest import Start, Valves, hold, renewed
from tests.safety_agent.rig import SILENCE_S, Rig
from tests.safety_agent.test_tripping import NOWHERE


def stopped(rig: Rig) -> None:
    """Armed, stopped, and the valves closed."""
    rig.beat()
    assert rig.line.stop("M. Ito") == "tripped"
    rig.until(lambda: not rig.agent.memory.valves_owed)


def test_a_later_epoch_does_not_undo_a_stop_that_the_database_does_not_know(
    start: Start, valves: Valves
) -> None:
    with start(database=NOWHERE) as rig:
        stopped(rig)
        rig.epoch = 5
        valves.open = True  # the successor knows of no stop
        rig.beat()
        rig.until(lambda: not valves.open)
        rig.until(lambda: not rig.agent.memory.valves_owed)
        assert rig.is_(Watch.TRIPPED)
        assert rig.agent.memory.quarantine_owed
        assert rig.pages.titles.count("valves closed") == 1


def test_when_the_database_is_back_the_stop_is_latched_there_under_whatever_epoch(
    start: Start, microscope: Microscope, valves: Valves
) -> None:
    with start(database=NOWHERE) as rig:
        stopped(rig)
    with renewed(microscope, epoch=9), start() as rig:
        rig.until(lambda: not rig.agent.memory.quarantine_owed)
        assert rig.is_(Watch.TRIPPED)
    lease = Lease.objects.get()
    assert (lease.state, lease.epoch, lease.holder) == ("quarantined", 10, None)
    assert lease.stopped_at is not None


def test_a_stop_is_latched_on_a_lease_that_is_closed_already(
    start: Start, microscope: Microscope, valves: Valves
) -> None:
    hold(microscope, seconds=-1)
    Lease.objects.update(state="quarantined", holder=None, expires_at=None)
    with start() as rig:
        assert rig.line.stop("M. Ito") == "tripped"
        rig.until(lambda: not rig.agent.memory.quarantine_owed)
    assert Lease.objects.get().stopped_at is not None


def test_where_there_is_no_lease_yet_the_stop_waits_for_one(
    start: Start, microscope: Microscope, valves: Valves
) -> None:
    Lease.objects.all().delete()
    with start() as rig:
        assert rig.line.stop("M. Ito") == "tripped"
        rig.until(lambda: not rig.agent.memory.valves_owed)
        assert rig.agent.memory.quarantine_owed
        Lease.objects.create(microscope=microscope)
        rig.until(lambda: not rig.agent.memory.quarantine_owed)
    assert Lease.objects.get().stopped_at is not None


def test_a_stop_that_is_written_down_ends_with_the_epoch_that_a_person_let_in(
    start: Start, microscope: Microscope, valves: Valves
) -> None:
    hold(microscope, seconds=60)
    with start() as rig:
        stopped(rig)
        rig.until(lambda: not rig.agent.memory.quarantine_owed)
        rig.line.beat(epoch=1, counter=99)
        rig.stays(Watch.TRIPPED, SILENCE_S / 4)
        hold(microscope, seconds=60, epoch=3)
        rig.epoch = 3
        rig.beat()
        assert rig.is_(Watch.ARMED)
