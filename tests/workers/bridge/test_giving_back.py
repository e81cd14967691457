"""A bridge with nothing to do closes the column, gives control back, and comes when wanted."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartscope.microscope.simulator.console import Action, press
from smartscope.models import Alarm, Command, Event, Lease, Microscope, Run, Step, StepItem
from smartscope.operations.pause_for_person import pause_for_person
from tests.workers.bridge.invariants import check, world_lines
from tests.workers.bridge.rig import ProcessDeath, dies_at, let_lease_run_out
from tests.workers.bridge.whole_process import a_person_wishes, live, quick_facility
from workers.bridge.fault_points import Plan, arm

pytestmark = pytest.mark.django_db(transaction=True)

#: so fast that an hour of waiting for a person costs a fraction of a second
FAST = 6_000


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.bridge.helm.POLL_S", 0.05)


def commands_sent(directory: Path) -> int:
    world = directory / "world" / "world.jsonl"
    return world.read_text().count('"command"') if world.exists() else 0


def test_without_work_nobody_takes_control(tmp_path: Path) -> None:
    house = quick_facility(tmp_path)
    Run.objects.all().delete()
    seen: list[str] = []

    def third_time(microscope: Microscope) -> bool:
        seen.append(microscope.state)
        return len(seen) == 3

    assert live(house, third_time).code == 0
    assert seen == ["released"] * 3
    assert not Lease.objects.filter(epoch__gt=0).exists()
    assert commands_sent(tmp_path) == 0


def test_a_wish_that_moves_nothing_is_answered_without_control(tmp_path: Path) -> None:
    house = quick_facility(tmp_path)
    Run.objects.all().delete()
    Command.objects.create(microscope=house.microscope, type="resume", state="wished")
    assert live(house, lambda _: not Command.objects.filter(state="wished").exists()).code == 0
    assert Command.objects.get().state == "refused"
    assert Event.objects.get(kind="command.refused").epoch is None
    assert commands_sent(tmp_path) == 0


def test_after_a_run_control_is_given_back_and_the_page_says_since_when(tmp_path: Path) -> None:
    house = quick_facility(tmp_path)
    shown: list[Microscope] = []

    def given_back(microscope: Microscope) -> bool:
        shown.append(microscope)
        return microscope.state == "released" and Run.objects.get().state == "done"

    assert live(house, given_back).code == 0
    assert shown[-1].state_since is not None
    assert "nothing is to be done" in shown[-1].state_reason
    lease = Lease.objects.get()
    assert (lease.state, lease.holder, lease.epoch) == ("free", None, 1)
    check(house, deaths=0)


def test_a_pause_closes_the_valves_gives_control_back_and_a_resume_takes_it_anew(
    tmp_path: Path,
) -> None:
    house = quick_facility(tmp_path, clock=FAST)
    arm(Plan("atlas:issued:atlas", 1, lambda: a_person_wishes("pause")))
    sent: list[int] = []

    def resume_or_end(microscope: Microscope) -> bool:
        run = Run.objects.get()
        if microscope.state == "released" and run.state == "paused":
            sent.append(commands_sent(tmp_path))
            assert microscope.valves_open is False
            assert Lease.objects.get().holder is None
            if len(sent) == 3:
                a_person_wishes("run")
        return microscope.state == "released" and run.state == "done"

    assert live(house, resume_or_end).code == 0
    assert len(sent) == 3
    assert len(set(sent)) == 1, "commands were sent without control"
    steps = Step.objects.exclude(kind__in=("arm", "finish_grid")).order_by("number")
    kinds = list(steps.values_list("kind", "epoch"))
    paused_at = kinds.index(("atlas", 1))
    assert kinds[paused_at + 1 :][:3] == [("safe_state", 1), ("open_valves", 2), ("square", 2)]
    safe = steps[paused_at + 1]
    atlas = steps[paused_at]
    assert atlas.ended_at_s is not None
    assert 600.0 <= safe.began_at_s - atlas.ended_at_s < 1_200.0
    assert Lease.objects.get().epoch == 2
    check(house, deaths=0)


def test_a_pause_of_the_service_closes_the_column_even_if_it_dies_in_between(
    tmp_path: Path,
) -> None:
    house = quick_facility(tmp_path)
    bridge = house.bridge()

    def pause_and_die_before_the_next_turn() -> None:
        pause_for_person(bridge.held, house.run.pk, "something only a person can say")
        dies_at("decided", 1)

    arm(Plan("square:completed", 1, pause_and_die_before_the_next_turn))
    with pytest.raises(ProcessDeath):
        bridge.run_until_idle()
    bridge.die()
    arm(None)
    let_lease_run_out(house.microscope.pk)
    fresh = house.bridge()
    try:
        fresh.turns(2)
        assert not fresh.helm.microscope.column.status().valves_open
    finally:
        fresh.die()
    last = Step.objects.order_by("-number")[0]
    assert (last.kind, last.state, last.parameters["reason"]) == (
        "safe_state",
        "done",
        "something only a person can say",
    )
    assert Run.objects.get().state == "paused"


def test_an_operators_stop_ends_the_epoch_and_control_is_not_retaken_unasked(
    tmp_path: Path,
) -> None:
    faults = [{"kind": "operator_stop", "phase": "before", "command": "record", "nth": 1}]
    house = quick_facility(tmp_path, faults=faults)
    sent: list[int] = []

    def resume_or_end(microscope: Microscope) -> bool:
        run = Run.objects.get()
        if run.state == "paused" and microscope.state == "released":
            sent.append(commands_sent(tmp_path))
            assert Step.objects.get(kind="expose").state == "unknown"
            if len(sent) == 3:
                press(tmp_path / "world", Action.RESUME)
                a_person_wishes("run")
        return microscope.state == "released" and run.state == "done"

    assert live(house, resume_or_end).code == 0
    assert len(sent) == 3
    assert len(set(sent)) == 1, "control was retaken"
    lines = [line for line in world_lines(house) if line["k"] == "command"]
    record = next(n for n, line in enumerate(lines) if line["name"] == "record")
    assert int(lines[record + 1]["epoch"]) == int(lines[record]["epoch"]) + 1
    alarm = Alarm.objects.get(key="operator.stop")
    assert (alarm.level, alarm.state) == ("MINOR", "cleared")
    assert StepItem.objects.filter(state="lost").count() == 1
    check(house, deaths=1)


def test_after_a_stop_without_a_run_control_is_asked_for_once_somebody_answered(
    tmp_path: Path,
) -> None:
    """The run was ended by a person meanwhile; what it left open waits for the console."""
    faults = [{"kind": "operator_stop", "phase": "before", "command": "record", "nth": 1}]
    house = quick_facility(tmp_path, faults=faults)
    sent: list[int] = []

    def the_run_is_ended(microscope: Microscope) -> bool:
        if Run.objects.get().state == "paused" and microscope.state == "released":
            Run.objects.update(state="aborted", wish="stop")
        if Run.objects.get().state != "aborted":
            return False
        sent.append(commands_sent(tmp_path))
        if len(sent) == 4:
            press(tmp_path / "world", Action.RESUME)
            Alarm.objects.filter(key="operator.stop").update(state="acknowledged")
        return Step.objects.get(kind="expose").state != "unknown"

    assert live(house, the_run_is_ended).code == 0
    assert len(set(sent[:4])) == 1, "control was retaken again and again"
    assert Step.objects.get(kind="expose").state == "lost"
