"""Taking control of a SerialEM that is not there, or whose operator says no."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartscope.microscope.errors import OperatorStop
from smartscope.microscope.safety_line import SafetyLine
from smartscope.models import Alarm, Lease, Microscope, Run, Step
from tests.workers.bridge.served_house import served_house
from tests.workers.bridge.whole_process import live, quick_facility
from workers.bridge import agent_heartbeat
from workers.bridge.fault_points import Plan, arm

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a safety agent would hear of this bridge."""
    heard: list[str] = []

    class Line(SafetyLine):
        def __init__(self) -> None:
            pass

        def beat(self, *, epoch: int, counter: int) -> None:
            heard.append("beat")

        def release(self, *, epoch: int, counter: int, timeout_s: float = 0.0) -> str | None:
            heard.append("release")
            return "watching"

    monkeypatch.setattr(agent_heartbeat, "agent_line", lambda _: Line())
    return heard


def never(_: Microscope) -> bool:
    return False


def released(microscope: Microscope) -> bool:
    return microscope.state == "released"


def test_an_instrument_that_is_not_there_is_told_and_the_agent_hears_nothing(
    tmp_path: Path, told: list[str]
) -> None:
    with served_house(tmp_path) as served:
        pass
    assert live(served.house, never).code == 75
    alarm = Alarm.objects.get(key="instrument.unreachable")
    assert (alarm.level, alarm.state) == ("MAJOR", "raised")
    assert told == []
    assert Lease.objects.get().holder is not None


def test_once_control_is_had_the_alarm_is_over_and_the_agent_is_told(
    tmp_path: Path, told: list[str]
) -> None:
    with served_house(tmp_path) as served:
        port = Microscope.objects.get().driver_settings["port"]
        row = Microscope.objects.get()
        row.driver_settings |= {"port": 9}
        row.save()
        assert live(served.house, never).code == 75
        assert told == []
        row.driver_settings |= {"port": port}
        row.save()
        Lease.objects.update(holder=None, state="free", expires_at=None)
        assert live(served.house, released).code == 0
    assert Alarm.objects.get(key="instrument.unreachable").state == "cleared"
    assert told[0] == "beat"
    assert told[-1] == "release"
    assert Run.objects.get().state == "done"


@pytest.mark.parametrize("asked_at", ["Echo", "ReportClock"])
def test_an_operator_who_refuses_control_is_obeyed(
    tmp_path: Path, told: list[str], asked_at: str
) -> None:
    stop = {"kind": "operator_stop", "phase": "before", "command": asked_at, "nth": 1}
    epochs: list[int] = []

    def look(microscope: Microscope) -> bool:
        if microscope.state == "released":
            epochs.append(Lease.objects.get().epoch)
        return len(epochs) == 5

    with served_house(tmp_path, faults=[stop]) as served:
        assert live(served.house, look).code == 0
    run, lease = Run.objects.get(), Lease.objects.get()
    assert epochs == [1] * 5, "control was taken again though an operator had refused it"
    assert (run.state, run.wish, run.wished_by) == ("queued", "pause", None)
    assert "operator" in run.state_reason
    assert (lease.state, lease.holder) == ("free", None)
    assert Alarm.objects.get(key="operator.stop").state == "raised"
    assert told == ["release"]


def test_a_stop_while_the_late_reply_is_awaited_is_obeyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    faults = [{"kind": "camera_timeout", "phase": "after", "command": "record", "nth": 1}]
    house = quick_facility(tmp_path, faults=faults)

    def stopped(*_: object) -> bool:
        raise OperatorStop("an operator pressed STOP")

    monkeypatch.setattr(
        "smartscope.microscope.simulator.driver.SimulatedMicroscope.await_reply", stopped
    )
    ended = live(house, lambda row: row.state == "released" and Run.objects.get().wish == "pause")
    assert ended.code == 0
    assert Run.objects.get().state == "paused"
    assert Step.objects.get(kind="expose").state == "unknown"
    assert Lease.objects.get().holder is None
    assert told[-1] == "release"


def test_a_mistake_of_ours_is_told_and_over_once_a_step_was_done(
    tmp_path: Path,
) -> None:
    house = quick_facility(tmp_path)

    def fails() -> None:
        raise RuntimeError("nobody thought of this")

    arm(Plan("square:begun", 1, fails))
    with pytest.raises(RuntimeError):
        live(house, never)
    alarm = Alarm.objects.get(key="bridge.failed")
    assert (alarm.level, alarm.state) == ("MAJOR", "raised")
    assert "nobody thought of this" in alarm.text
    bridge = house.bridge()
    try:
        bridge.run_until_idle()
    finally:
        bridge.die()
    assert Run.objects.get().state == "done"
    assert Alarm.objects.get(key="bridge.failed").state == "cleared"
