"""Closing, giving back, coming again and an operator's STOP, as SerialEM's socket sees them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from smartscope.microscope.simulator.control_client import ControlClient
from smartscope.models import Alarm, Lease, Microscope, Run, Step
from tests.workers.bridge.invariants import events_are_gapless, nothing_is_left_open
from tests.workers.bridge.test_night_over_socket import house_over
from tests.workers.bridge.whole_process import a_person_wishes, live
from workers.bridge import process
from workers.bridge.fault_points import Plan, arm
from workers.bridge.refusals import FIRST_PAUSE_S, Refusals

pytestmark = pytest.mark.django_db(transaction=True)


def log_of(control: ControlClient) -> list[dict[str, Any]]:
    return control.log()


def test_a_paused_microscope_is_free_for_others_until_somebody_resumes(tmp_path: Path) -> None:
    arm(Plan("atlas:issued:atlas", 1, lambda: a_person_wishes("pause")))
    with house_over("socket", tmp_path) as house:
        port = Microscope.objects.get().driver_settings["control_port"]
        sent: list[int] = []
        with ControlClient(int(port)) as control:

            def look(microscope: Microscope) -> bool:
                run = Run.objects.get()
                if run.state == "paused" and microscope.state != "released":
                    control.advance(control.now_s() + 300.0)
                if run.state == "paused" and microscope.state == "released":
                    sent.append(len(log_of(control)))
                    if len(sent) == 3:
                        a_person_wishes("run")
                return microscope.state == "released" and run.state == "done"

            assert live(house, look).code == 0
            entries = log_of(control)
    assert len(sent) == 3
    assert len(set(sent)) == 1, "commands were sent without control"
    before, after = entries[: sent[0]], entries[sent[0] :]
    closings = [
        entry
        for entry in before
        if entry["name"] == "SetColumnOrGunValve" and float(entry["arguments"][0]) == 0.0
    ]
    assert closings
    assert before[-1]["name"] == "Exit"
    assert "smartscope epoch=2" in str(next(e for e in after if e["name"] == "Echo")["arguments"])
    kinds = list(Step.objects.order_by("number").values_list("kind", "epoch"))
    paused_at = kinds.index(("atlas", 1))
    assert kinds[paused_at + 1 :][:2] == [("safe_state", 1), ("open_valves", 2)]
    assert Lease.objects.get().epoch == 2
    nothing_is_left_open()
    events_are_gapless()


def test_after_stop_at_the_console_not_even_a_goodbye_is_sent(tmp_path: Path) -> None:
    stop = {"kind": "operator_stop", "phase": "before", "command": "Record", "nth": 1}
    with house_over("socket", tmp_path, faults=[stop]) as house:
        port = Microscope.objects.get().driver_settings["control_port"]
        sent: list[str] = []
        with ControlClient(int(port)) as control:

            def look(microscope: Microscope) -> bool:
                run = Run.objects.get()
                if run.state == "paused" and microscope.state == "released":
                    sent.append(log_of(control)[-1]["name"])
                return len(sent) == 3

            assert live(house, look).code == 0
    assert sent == ["Record"] * 3
    assert Step.objects.get(kind="expose").state == "unknown"
    assert Lease.objects.get().holder is None


def test_an_operator_who_goes_on_refusing_is_asked_after_growing_pauses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever acknowledged the alarm has read it; the console says no all the same."""
    now_s = 0.0
    monkeypatch.setattr(process, "Refusals", lambda: Refusals(clock=lambda: now_s))
    stop = {"kind": "operator_stop", "phase": "before", "command": "Record", "nth": 1}
    refusal = {**stop, "command": "Echo", "count": 1_000}
    asked_at_s: list[float] = []
    with house_over("socket", tmp_path, faults=[stop]) as house:
        port = Microscope.objects.get().driver_settings["control_port"]
        seen_epoch = 0
        with ControlClient(int(port)) as control:

            def look(microscope: Microscope) -> bool:
                nonlocal now_s, seen_epoch
                run, epoch = Run.objects.get(), Lease.objects.get().epoch
                if run.state == "paused" and microscope.state == "released":
                    Run.objects.update(state="aborted", wish="stop")
                    Alarm.objects.filter(key="operator.stop").update(state="acknowledged")
                    control.faults([refusal])
                    seen_epoch = epoch
                if run.state != "aborted" or microscope.state != "released":
                    return False
                now_s += 1.0
                if epoch > seen_epoch:
                    seen_epoch = epoch
                    asked_at_s.append(now_s)
                return now_s >= 100.0

            assert live(house, look).code == 0
    pauses_s = [later - earlier for earlier, later in pairwise(asked_at_s)]
    assert len(pauses_s) == 3, f"control was asked for at {asked_at_s}"
    assert pauses_s[0] >= FIRST_PAUSE_S
    assert all(later >= 1.5 * earlier for earlier, later in pairwise(pauses_s))
    assert Step.objects.get(kind="expose").state == "unknown"
    assert Alarm.objects.get(key="operator.stop").state == "acknowledged"
