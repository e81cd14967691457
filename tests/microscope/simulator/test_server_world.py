"""What outlives the simulated SerialEM, what does not, its versions, its clock, its command log."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from smartscope.microscope.errors import BadInstrumentSettings, ConnectionLost
from smartscope.microscope.serialem.commands import commands
from smartscope.microscope.simulator.command_log import CommandLog
from smartscope.microscope.simulator.control_client import ControlClient
from smartscope.microscope.simulator.remote_clock import RemoteClock
from smartscope.microscope.simulator.server import SimulatorServer
from tests.microscope.simulator.hand import STARTED_S, Bench, Closed, Hand, bench


def test_a_restart_keeps_the_world_and_forgets_the_program(tmp_path: Path) -> None:
    fault = {"kind": "connection_lost", "command": "TiltTo", "nth": 1, "phase": "after"}
    with bench(tmp_path, faults=[fault]) as served, served.hand() as hand:
        hand.ready()
        hand.call("Echo", "smartscope epoch=4")
        hand.call("MoveStageTo", *served.good_square())
        hand.call("Search")
        hand.call("SetPersistentVar", "ours", "6")
        hand.order("TiltTo", 5)
        with pytest.raises(Closed):
            hand.answer()
        stood_at_s, place = served.control.now_s(), served.control.truth("state")["stage"]
    with bench(tmp_path, faults=[fault]) as served, served.hand() as hand:
        assert served.control.now_s() == stood_at_s
        hand.ok_to_run()
        assert hand.numbers("ReportStageXYZ")[:2] == (place["x_um"], place["y_um"])
        assert hand.call("ReportTiltAngle") == (5.0,)
        assert hand.call("ReportLowDose") == (0.0, -1.0)
        assert hand.call("IsVariableDefined", "ours") == (0.0,)
        assert hand.header("A").empty
        assert len(served.doses(area="square")) == 1
        hand.call("TiltTo", 0)  # the fault is not replayed
        log = served.control.log()
        assert [entry["number"] for entry in log] == list(range(1, len(log) + 1))
        (search,) = served.entries("Search")
        assert search["epoch"] == 4
        assert search["exposures"][0]["area"] == "square"
        assert served.entries("ReportStageXYZ")[-1]["epoch"] is None


def test_serialem_restarted_by_a_fault_refuses_and_forgets(tmp_path: Path) -> None:
    fault = {
        "kind": "restart",
        "command": "ReportTiltAngle",
        "nth": 1,
        "phase": "after",
        "parameters": {"for_s": 0.2},
    }
    with bench(tmp_path, faults=[fault]) as served, served.hand() as hand:
        hand.ok_to_run()
        hand.call("SetPersistentVar", "ours", "6")
        hand.order("ReportTiltAngle")
        with pytest.raises(Closed):
            hand.answer()
        refused = False
        for _ in range(200):
            try:
                again = Hand(served.server.port)
            except ConnectionRefusedError:
                refused = True
                time.sleep(0.005)
                continue
            break
        with again:
            assert refused
            assert again.ok_to_run()
            assert again.call("IsVariableDefined", "ours") == (0.0,)


def test_the_log_knows_whose_commands_came(served: Bench, hand: Hand) -> None:
    hand.ok_to_run()
    hand.call("Echo", "smartscope epoch=7")
    hand.call("MoveStageTo", 1, 2)
    with served.hand() as other:
        other.ok_to_run()
        other.call("Echo", "smartscope epoch=8")
        other.call("ReportTiltAngle")
    epochs = {entry["name"]: entry["epoch"] for entry in served.control.log()}
    assert epochs["MoveStageTo"] == 7
    assert epochs["ReportTiltAngle"] == 8
    (move,) = served.entries("MoveStageTo")
    assert move["arguments"] == [1.0, 2.0, None] or move["arguments"] == [1.0, 2.0]
    assert move["ended_s"] > move["begun_s"]
    assert (move["outcome"], move["phase"], move["answer"]) == ("done", "after", "answered")
    number = move["number"]
    assert served.control.log(after=number)[0]["number"] == number + 1


def test_a_command_cut_off_by_death_is_seen_as_not_ended(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = CommandLog(path)
    entry = log.begin(name="Record", arguments=(), epoch=3, connection=1, begun_s=5.0)
    log.note(entry.number, phase="during")
    (read,) = CommandLog(path).after(0)
    assert (read["outcome"], read["phase"], read["ended_s"]) == ("not ended", "during", None)


def test_another_seeds_world_is_refused(tmp_path: Path) -> None:
    with bench(tmp_path):
        pass
    with pytest.raises(BadInstrumentSettings, match="seed"), bench(tmp_path, seed=8):
        raise AssertionError("opened another seed's world")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"serialem_version": "3.8"}, "serialem_version"),
        ({"orientation": 8}, "orientation"),
        ({"frame_time_s": 0}, "frame_time_s"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_impossible_settings_are_named(
    tmp_path: Path, settings: dict[str, Any], named: str
) -> None:
    with pytest.raises(BadInstrumentSettings, match=named), bench(tmp_path, **settings):
        raise AssertionError("opened with impossible settings")


def test_a_taken_port_is_named(served: Bench, tmp_path: Path) -> None:
    with pytest.raises(BadInstrumentSettings, match=str(served.server.port)):
        SimulatorServer({"data_dir": tmp_path / "other"}, port=served.server.port)
    taken = served.server.control_port
    with pytest.raises(BadInstrumentSettings, match=str(taken)):
        SimulatorServer({"data_dir": tmp_path / "third"}, control_port=taken)


VERSIONS = {
    "4.0": {"ReportMag": 2, "ReportSlotStatus": 1, "LoadCartridge": 0, "SetImageShift": 0},
    "4.1": {"ReportMag": 3, "ReportSlotStatus": 2, "LoadCartridge": 0, "SetImageShift": 1},
    "4.2": {"ReportMag": 3, "ReportSlotStatus": 2, "LoadCartridge": 2, "SetImageShift": 1},
    "4.3": {"ReportMag": 3, "ReportSlotStatus": 2, "LoadCartridge": 2, "SetImageShift": 1},
}


@pytest.mark.parametrize("version", list(VERSIONS))
def test_each_version_reports_as_it_did(tmp_path: Path, version: str) -> None:
    counts, number = VERSIONS[version], 40000 + 100 * int(version[-1])
    with bench(tmp_path, serialem_version=version) as served, served.hand() as hand:
        hand.call("NoMessageBoxOnError", 1)
        assert hand.call("IsVersionAtLeast", str(number)) == (1.0,)
        assert hand.call("IsVersionAtLeast", str(number + 100)) == (0.0,)
        assert len(hand.call("ReportMag")) == counts["ReportMag"]
        assert len(hand.call("ReportSlotStatus", 2)) == counts["ReportSlotStatus"]
        assert len(hand.call("LoadCartridge", 1)) == counts["LoadCartridge"]
        hand.call("SetLowDoseMode", 1)
        assert len(hand.call("SetImageShift", 0.5, 0.5)) == counts["SetImageShift"]
        if version == "4.0":
            assert "not in the command list" in hand.fails("ReportNumExeFuncs")
        else:
            (length,) = hand.numbers("ReportNumExeFuncs")
            beyond = [spec for spec in commands().values() if spec.code >= length]
            for spec in beyond:
                hand.order(spec.name, *(_plausible(key) for key in spec.keys[: spec.minimum]))
                assert "not in the command list" in hand.answer().error_text


def _plausible(key: str) -> float | str:
    return "x" if key in "Ss" else 1


def test_the_clock_moves_only_when_somebody_spends_it(served: Bench, hand: Hand) -> None:
    control = served.control
    assert control.now_s() == STARTED_S
    hand.call("Delay", 3, "min")
    assert control.now_s() == pytest.approx(STARTED_S + 180.0)
    assert control.advance(STARTED_S + 500.0) == STARTED_S + 500.0
    assert control.advance(STARTED_S) == STARTED_S + 500.0, "never backwards"
    assert hand.numbers("ReportClock")[0] == pytest.approx(500.0)


def test_with_a_speed_waiting_really_takes_its_time(tmp_path: Path) -> None:
    with bench(tmp_path, clock=100.0) as served, served.hand() as hand:
        begun = time.monotonic()
        hand.call("Delay", 10, "sec")
        served.control.advance(served.control.now_s() + 10.0)
        assert 0.2 <= time.monotonic() - begun < 2.0
        assert served.control.ask("now")["speed"] == 100.0


def test_who_waits_for_time_keeps_nobody_from_commanding(tmp_path: Path) -> None:
    with bench(tmp_path, clock=10.0) as served, served.hand() as hand:
        hand.ok_to_run()
        waiting = threading.Thread(
            target=lambda: served.control.advance(served.control.now_s() + 5.0)
        )
        waiting.start()
        begun = time.monotonic()
        hand.call("ReportTiltAngle")
        hand.call("SetColumnOrGunValve", 0)
        assert time.monotonic() - begun < 0.3
        waiting.join()
        assert served.server.alive


def test_the_remote_clock_is_the_servers(served: Bench) -> None:
    clock = RemoteClock("127.0.0.1", served.server.control_port)
    try:
        assert (clock.now(), clock.simulated, clock.speed) == (STARTED_S, True, None)
        clock.wait_until(STARTED_S + 60.0)
        assert clock.now() == served.control.now_s() == STARTED_S + 60.0
    finally:
        clock.close()


def test_a_control_port_that_is_gone_is_named() -> None:
    with ControlClient(1) as control, pytest.raises(ConnectionLost, match="control port"):
        control.now_s()


@pytest.mark.parametrize(
    "request_line", [b"nonsense\n", b"[]\n", b'{"do": "dance"}\n', b'{"do": "advance"}\n']
)
def test_the_control_port_answers_nonsense_with_a_sentence(
    served: Bench, request_line: bytes
) -> None:
    with Hand(served.server.control_port) as line:
        line.send(request_line)
        answer = b""
        while not answer.endswith(b"\n"):
            answer += line.receive(1)
        assert b'"error"' in answer


SERVE = """
import sys
from smartscope.microscope.simulator.server import SimulatorServer
server = SimulatorServer({"data_dir": sys.argv[1], "seed": 7, "clock": float(sys.argv[2])})
with server:
    print(server.port, server.control_port, flush=True)
    sys.stdin.read()
"""


@pytest.mark.system
def test_a_server_killed_in_an_exposure_has_spent_its_dose(tmp_path: Path) -> None:
    """The ledger is on the disk before anything else; the command is seen as begun."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(tmp_path / "world"), "200"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        port, control_port = (int(word) for word in process.stdout.readline().split())
        with Hand(port) as hand, ControlClient(control_port) as control:
            hand.ready()
            hand.call("SetExposure", "V", 60.0)
            hand.order("View")
            for _ in range(2000):
                if control.truth("exposures")["exposures"]:
                    break
                time.sleep(0.005)
            process.kill()
            process.wait()
    finally:
        process.kill()
        process.communicate()
    with bench(tmp_path) as served:
        assert len(served.doses(area="hole")) == 1
        (view,) = served.entries("View")
        assert (view["phase"], view["outcome"]) == ("during", "not ended")


@pytest.mark.system
def test_the_command_serves_and_ends_in_order(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [
            *(sys.executable, "manage.py", "serialem_simulator", "--port", "0"),
            *("--directory", str(tmp_path / "world"), "--speed", "instant"),
            *("--grids", '{"2": {"preset": "thick"}}', "--serialem-version", "4.2"),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline().split()
        port = int(said[2].rstrip(","))
        with Hand(port) as hand:
            assert hand.ok_to_run()
            assert hand.call("ReportSlotStatus", 2) == (1.0, "grid-7-2")
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.communicate()
