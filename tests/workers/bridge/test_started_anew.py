"""SerialEM is started anew in a night: before 4.3 it has forgotten which grid is on the stage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from smartscope.microscope.serialem.autoloader import SerialEmAutoloader
from smartscope.microscope.serialem.link import Operation
from smartscope.microscope.simulator.control_client import ControlClient
from smartscope.microscope.values import SlotStatus
from smartscope.models import Command, Grid, Microscope, Run, Session, Step, Wait
from smartscope.operations.wish_command import wish_command
from tests.workers.bridge.people import an_operator
from tests.workers.bridge.rig import Bridge, ProcessDeath, dies_at
from tests.workers.bridge.served_house import ServedHouse, served_house
from workers.bridge.fault_points import arm
from workers.bridge.recover import recover

pytestmark = pytest.mark.django_db(transaction=True)


def left_by_a_dead_bridge(served: ServedHouse) -> Bridge:
    """The bridge died after a square, SerialEM was started anew; the successor has connected."""
    dies_at("square:completed", 1)
    bridge = served.bridge()
    with pytest.raises(ProcessDeath):
        bridge.run_until_idle()
    arm(None)
    served.die(bridge)
    served.server._control.restart()
    return served.bridge()


def loads(served: ServedHouse) -> int:
    with ControlClient(served.server.control_port) as control:
        return sum(entry["name"] == "LoadCartridge" for entry in control.log())


@pytest.mark.parametrize("version", ["4.1", "4.3"])
def test_the_night_goes_on_with_the_grid_the_journal_knows_of(tmp_path: Path, version: str) -> None:
    with served_house(tmp_path, version=version) as served:
        successor = left_by_a_dead_bridge(served)
        try:
            successor.run_until_idle()
        finally:
            successor.die()
        assert loads(served) == 1
        assert served.violations() == []
    assert Run.objects.get().state == "done", Run.objects.get().state_reason


def test_the_journal_is_not_believed_when_the_cassette_is_another(tmp_path: Path) -> None:
    grids = {"1": {"preset": "good"}, "2": {"preset": "good"}}
    with served_house(tmp_path, grids=grids) as served:
        successor = left_by_a_dead_bridge(served)
        try:
            status = SerialEmAutoloader._slot

            def second_taken_out(self: SerialEmAutoloader, op: Operation, slot: int) -> SlotStatus:
                found = status(self, op, slot)
                return replace(found, occupied=False) if slot == 2 else found

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(SerialEmAutoloader, "_slot", second_taken_out)
                recover(successor.helm)
                assert successor.helm.microscope.autoloader.loaded() is None
        finally:
            successor.die()
    run = Run.objects.get()
    assert run.state == "interrupted"
    assert "the cassette was changed" in run.state_reason


def second_run(served: ServedHouse) -> Session:
    """The next session on the same cassette, its run queued; control was given back before."""
    first = served.house.session
    session = Session.objects.create(
        name="next",
        date=first.date,
        group=first.group,
        microscope=first.microscope,
        detector=first.detector,
    )
    Grid.objects.create(session=session, slug="n01", position=2, name="the second", atlas_only=True)
    Run.objects.create(session=session, microscope=first.microscope)
    return session


def test_between_two_runs_nothing_is_loaded_before_a_person_has_looked(tmp_path: Path) -> None:
    """The journal knows the last grid, but nobody knows what was done at the console since.

    An answer that cannot be is asked for again.
    """
    grids = {"1": {"preset": "good"}, "2": {"preset": "good"}}
    asked: list[str] = []
    answers = [2, 1]
    with served_house(tmp_path, grids=grids) as served:
        first = served.bridge()
        try:
            first.run_until_idle()
        finally:
            served.die(first)
        assert loads(served) == 1
        served.server._control.restart()
        session = second_run(served)

        def somebody_looks() -> None:
            wait = Wait.objects.filter(cause="person", ended_at_s=None).first()
            row = Microscope.objects.get()
            if wait is None or row.stage_answer is not None or not row.stage_doubt:
                return
            assert loads(served) == 1, "a grid was loaded on top of another"
            asked.append(wait.reason)
            wanted = {"session": session.pk, "slot": answers[len(asked) - 1]}
            wish_command(an_operator(row), row.pk, "confirm_stage", wanted)

        served.house.during_nap = somebody_looks
        second = served.bridge()
        try:
            second.run_until_idle()
        finally:
            served.die(second)
        assert served.violations() == []
        assert loads(served) == 2
    assert "which grid is on the stage" in asked[0]
    assert "slot 1" in asked[0], "the journal's word is shown"
    told = Step.objects.filter(kind="confirm_stage").order_by("number")
    assert [step.state for step in told] == ["failed", "done"]
    assert Command.objects.filter(type="confirm_stage", state="done").count() == 2
    assert Run.objects.get(session=session).state == "done"
