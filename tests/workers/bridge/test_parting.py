"""An epoch that ends badly: no answer, no link, no database; the column is not left open."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from smartscope.microscope.errors import CommandTimeout, ConnectionLost
from smartscope.microscope.simulator import column
from smartscope.microscope.simulator.scope import Scope
from smartscope.models import Alarm, Event, Lease, Microscope, Run, Step
from smartscope.operations.lease.held import LeaseTimes
from tests.workers.bridge.invariants import check, world_lines
from tests.workers.bridge.rig import Facility
from tests.workers.bridge.whole_process import a_person_wishes, live, quick_facility
from workers.bridge import parting
from workers.bridge.fault_points import Plan, arm

pytestmark = pytest.mark.django_db(transaction=True)


def never(_: Microscope) -> bool:
    return False


def last_commands(house: Facility) -> list[str]:
    return [line["name"] for line in world_lines(house) if line["k"] == "command"]


def test_a_command_that_does_not_answer_leaves_its_step_unknown_and_ends_the_epoch(
    tmp_path: Path,
) -> None:
    faults = [{"kind": "camera_timeout", "phase": "after", "command": "record", "nth": 1}]
    house = quick_facility(tmp_path, faults=faults)
    assert live(house, never).code == 75
    assert Step.objects.get(kind="expose").state == "unknown"
    assert last_commands(house)[-1] == "record", "something was sent after the missed deadline"
    assert Alarm.objects.get(key="command.timeout").level == "MAJOR"
    assert Lease.objects.get().holder is not None, "an open column is not given back"
    bridge = house.bridge()
    try:
        bridge.run_until_idle()
    finally:
        bridge.die()
    assert Run.objects.get().state == "done"
    check(house, deaths=0)


def test_the_late_reply_is_awaited_for_ten_minutes_and_nothing_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = quick_facility(tmp_path)
    bridge = house.bridge()
    try:
        bridge.turns(6)
        sent = len(last_commands(house))
        waits: list[float] = []
        passed = iter(range(0, 10_000, 60))

        def silent(_: object, timeout_s: float) -> bool:
            waits.append(timeout_s)
            return False

        monkeypatch.setattr(type(bridge.helm.microscope), "await_reply", silent)
        monkeypatch.setattr(bridge.keeper, "now_s", lambda: float(next(passed)))
        assert parting.listen(bridge.helm, CommandTimeout("no answer")) is False
        assert 8 <= len(waits) <= 10
        assert len(last_commands(house)) == sent
    finally:
        bridge.die()


def test_the_third_lost_link_in_ten_minutes_pauses_the_run(tmp_path: Path) -> None:
    faults = [
        {"kind": "connection_lost", "phase": "before", "command": "move_to", "nth": 1, "count": 3}
    ]
    house = quick_facility(tmp_path, faults=faults)
    for lost in range(1, 4):
        bridge = house.bridge()
        try:
            with pytest.raises(ConnectionLost) as caught:
                bridge.run_until_idle()
            assert Run.objects.get().wish == "run"
            parting.note_lost_link(bridge.helm, caught.value)
        finally:
            bridge.die()
        assert Event.objects.filter(kind="link.lost").count() == lost
    run = Run.objects.get()
    assert (run.wish, run.wished_by) == ("pause", None)
    assert "three times within ten minutes" in run.state_reason
    assert Alarm.objects.filter(key="link.lost").exists()


def test_valves_that_do_not_close_are_tried_again_after_growing_pauses_and_a_person_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = quick_facility(tmp_path)
    bridge = house.bridge()
    close, tried = column.close_valves, [0]

    def sticks(scope: Scope) -> None:
        if Step.objects.filter(kind="safe_state", state="intent").exists():
            tried[0] += 1
            if tried[0] <= 3:
                return
        close(scope)

    monkeypatch.setattr(column, "close_valves", sticks)
    arm(Plan("square:completed", 1, lambda: a_person_wishes("stop")))
    try:
        bridge.run_until_idle()
    finally:
        bridge.die()
    assert Run.objects.get().state == "aborted"
    steps = list(Step.objects.filter(kind="safe_state").order_by("number"))
    assert [step.state for step in steps] == ["failed"] * 3 + ["done"]
    pauses = [later.began_at_s - (earlier.ended_at_s or 0.0) for earlier, later in pairwise(steps)]
    assert pauses == pytest.approx([15.0, 60.0, 180.0], abs=1.0)
    assert Alarm.objects.get(key="valves.open").state == "cleared"


@contextmanager
def database_gone() -> Iterator[None]:
    """No connection of anybody is left, and no new one is let in."""
    settings = connection.settings_dict
    given = connection.get_connection_params()
    admin = psycopg.connect(
        host=given.get("host"),
        port=given.get("port"),
        user=given.get("user"),
        password=given.get("password"),
        dbname="postgres",
        autocommit=True,
    )
    name = settings["NAME"]
    with admin:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        admin.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = %s",
            [name],
        )
        try:
            yield
        finally:
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
            connection.close()


def test_when_the_database_goes_the_valves_are_closed_while_that_is_allowed(
    tmp_path: Path,
) -> None:
    house = quick_facility(tmp_path)
    with ExitStack() as outage:
        arm(Plan("square:completed", 1, lambda: outage.enter_context(database_gone())))
        ended = live(house, never)
    assert ended.code == 75
    assert last_commands(house)[-1] == "close_valves"
    assert Lease.objects.get().holder is not None
    bridge = house.bridge()
    try:
        assert not bridge.helm.microscope.column.status().valves_open
        bridge.run_until_idle()
    finally:
        bridge.die()
    assert Run.objects.get().state == "done"
    check(house, deaths=0)


def test_a_broken_lock_connection_closes_the_valves_of_an_idle_bridge(tmp_path: Path) -> None:
    house = quick_facility(tmp_path)
    arm(Plan("square:completed", 1, lambda: a_person_wishes("pause")))
    cut = [False]

    def cut_when_paused(_: Microscope) -> bool:
        if Run.objects.get().state == "paused":
            if not cut[0]:
                cut[0] = True
                pid = Lease.objects.get().backend_pid
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_terminate_backend(%s, 2000)", [pid])
            # the keeper notices at its next renewal
            time.sleep(0.05)
        return False

    ended = live(house, cut_when_paused, times=LeaseTimes(6.0))
    assert ended.code == 75
    assert ended.ended_by_keeper == []
    assert last_commands(house)[-1] == "close_valves"
